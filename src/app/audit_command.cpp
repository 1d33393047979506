#include <charconv>
#include <iostream>

#include "app/accounts_session.h"
#include "app/commands.h"
#include "app/refusal.h"
#include "audit/log.h"
#include "audit/verify.h"

extern char** environ;

namespace imp::app {

namespace {

Result<Store> open(const Flags& flags) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return pass_on(settings);
  return open_store(settings->data, false);
}

/// "SEQUENCE:HASH", as an earlier verification printed it.
Result<std::optional<audit::Anchor>> parse_anchor(const std::string& text) {
  if (text.empty()) return std::optional<audit::Anchor>();
  audit::Anchor anchor;
  const std::size_t colon = text.find(':');
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + std::min(colon, text.size()), anchor.sequence);
  if (colon == std::string::npos || error != std::errc() || end != text.data() + colon ||
      text.size() - colon - 1 != 64) {
    return refuse(AppRefusal::unusable_input,
                  "--anchor takes SEQUENCE:HASH, as `audit verify` prints it.");
  }
  anchor.hash = text.substr(colon + 1);
  return anchor;
}

int verify(const Flags& flags, const std::string& anchor_text) {
  const auto anchor = parse_anchor(anchor_text);
  if (!anchor) return complain(anchor.error());
  const auto store = open(flags);
  if (!store) return complain(store.error());
  const auto report = audit::verify(*store->database, *anchor);
  if (!report) return complain(report.error());
  if (!report->intact()) {
    return complain(refuse(AppRefusal::audit_damaged,
                           fmt::format("the audit log is damaged at record {} ({}): {}",
                                       report->finding->position,
                                       audit::code(report->finding->damage), report->finding->text))
                        .error());
  }
  std::cout << "audit log intact: " << report->records << " records\n"
            << "note this to detect truncation later: " << report->records << ':' << report->hash
            << '\n';
  return 0;
}

int export_log(const Flags& flags) {
  const auto store = open(flags);
  if (!store) return complain(store.error());
  const auto done = audit::export_lines(*store->database, 0,
                                        [](std::string_view line) { std::cout << line << '\n'; });
  return done ? 0 : complain(done.error());
}

}  // namespace

void add_audit_command(CLI::App& app, Command& chosen) {
  auto* command = app.add_subcommand("audit", "The audit log.");
  command->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  auto anchor = std::make_shared<std::string>();
  auto* verifier =
      command->add_subcommand("verify", "Check that no record was changed, removed or added.");
  add_data_flags(*verifier, *flags);
  verifier->add_option("--anchor", *anchor, "SEQUENCE:HASH noted from an earlier run");
  verifier->callback(
      [flags, anchor, &chosen] { chosen = [flags, anchor] { return verify(*flags, *anchor); }; });
  auto* exporter = command->add_subcommand("export", "Print every record as a line of JSON.");
  add_data_flags(*exporter, *flags);
  exporter->callback([flags, &chosen] { chosen = [flags] { return export_log(*flags); }; });
}

}  // namespace imp::app
