#include "app/mail_settings.h"

#include "app/audit_files.h"
#include "mail/address.h"
#include "mail/refusal.h"

namespace imp::app {

namespace {

std::unexpected<Failure> bad(std::string message) {
  return refuse(mail::MailRefusal::invalid_mail_settings, std::move(message));
}

mail::Tls tls_of(const std::string& word) {
  if (word == "required") return mail::Tls::required;
  return word == "none" ? mail::Tls::none : mail::Tls::automatic;
}

Result<std::string> password_in(const std::string& path) {
  if (path.empty()) return std::string();
  auto text = read_text_file(path);
  if (!text) return bad(fmt::format("mail.password_file: {} cannot be read.", path));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return bad(fmt::format("mail.password_file: {} is empty.", path));
  return std::move(*text);
}

}  // namespace

Result<std::optional<MailSettings>> mail_settings(const Settings& settings) {
  if (settings.mail_server.empty()) {
    if (settings.mail_from.empty() && settings.mail_username.empty() &&
        settings.mail_password_file.empty()) {
      return std::nullopt;
    }
    return bad("mail.server is missing: without it no mail is sent, whatever else mail.* says.");
  }
  if (!mail::is_deliverable(settings.mail_from)) {
    return bad(
        fmt::format("mail.from: \"{}\" must be the address that mail comes from, such as "
                    "registry@example.org.",
                    settings.mail_from));
  }
  auto password = password_in(settings.mail_password_file);
  if (!password) return pass_on(password);
  MailSettings made{.smtp = {.server = settings.mail_server,
                             .username = settings.mail_username,
                             .password = std::move(*password),
                             .tls = tls_of(settings.mail_tls),
                             .ca_file = settings.mail_ca_file},
                    .from = settings.mail_from};
  if (const auto good = mail::check(made.smtp); !good) return pass_on(good);
  return made;
}

}  // namespace imp::app
