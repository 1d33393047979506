#include <boost/json.hpp>
#include <iostream>

#include "app/commands/commands.h"
#include "app/mail_settings.h"
#include "app/store.h"
#include "audit/log.h"
#include "base/uuid.h"
#include "mail/address.h"
#include "mail/message.h"
#include "mail/outbox.h"
#include "mail/refusal.h"

extern char** environ;

namespace imp::app {

namespace {

constexpr std::int64_t kMostListed = 10'000;

struct MailOptions {
  Flags flags;
  std::string state, id, address;
  bool failed = false;
};

Result<Store> open(const MailOptions& options) {
  const auto settings = load_settings(options.flags, environ);
  if (!settings) return pass_on(settings);
  return open_store(settings->data, false);
}

std::optional<mail::Letter::State> state_of(std::string_view word) {
  using State = mail::Letter::State;
  for (const State state : {State::pending, State::delivered, State::failed}) {
    if (mail::name(state) == word) return state;
  }
  return std::nullopt;
}

boost::json::value time_json(const std::optional<Time>& time) {
  return time ? boost::json::value(iso8601(*time)) : boost::json::value(nullptr);
}

/// Without the body: it is the recipient's.
boost::json::object to_json(const mail::Letter& letter) {
  return {{"id", letter.id},
          {"to", letter.recipient},
          {"kind", letter.kind},
          {"subject", letter.subject},
          {"created", iso8601(letter.created)},
          {"state", mail::name(letter.state)},
          {"attempts", letter.attempts},
          {"next", time_json(letter.next)},
          {"last", time_json(letter.last)},
          {"answer", letter.last_answer}};
}

int list(const MailOptions& options) {
  const auto settings = load_settings(options.flags, environ);
  if (!settings) return complain(settings.error());
  const auto store = open_store(settings->data, false);
  if (!store) return complain(store.error());
  std::int64_t left_out = 0;
  const auto found =
      store->database->read([&](db::Session& session) -> Result<std::vector<mail::Letter>> {
        left_out = mail::left_out(session);
        return mail::letters(session, state_of(options.state), kMostListed);
      });
  if (!found) return complain(found.error());
  for (const mail::Letter& letter : *found) {
    std::cout << boost::json::serialize(to_json(letter)) << '\n';
  }
  if (found->empty() && settings->mail_server.empty()) {
    std::cerr << "no mail is sent: the setting mail.server is empty\n";
  }
  if (left_out > 0) {
    std::cerr << left_out
              << " more were left out: too many of a kind to one address within an hour\n";
  }
  return 0;
}

int retry(const MailOptions& options) {
  const auto store = open(options);
  if (!store) return complain(store.error());
  const auto again = store->database->write([&](db::Session& session) -> Result<std::int64_t> {
    const Time now = SystemClock().now();
    std::int64_t count = 1;
    if (options.failed) {
      count = mail::retry_failed(session, now);
    } else if (const auto one = mail::retry(session, options.id, now); !one) {
      return pass_on(one);
    }
    audit::append(session, {.at = now,
                            .actor = "system",
                            .action = "mail.retry",
                            .subject = options.failed ? "mail" : "mail:" + options.id,
                            .outcome = "granted",
                            .detail = {{"messages", count}}});
    return count;
  });
  if (!again) return complain(again.error());
  std::cout << *again << (*again == 1 ? " message is" : " messages are") << " sent again\n";
  return 0;
}

/// At once, without the outbox: whether the settings are right.
int test(const MailOptions& options) {
  const auto settings = load_settings(options.flags, environ);
  if (!settings) return complain(settings.error());
  auto mail = mail_settings(*settings);
  if (!mail) return complain(mail.error());
  using mail::MailRefusal;
  if (!*mail) {
    return complain(
        refuse(MailRefusal::mail_not_set_up, "No mail is sent: the setting mail.server is empty.")
            .error());
  }
  if (!mail::is_deliverable(options.address)) {
    return complain(refuse(MailRefusal::mail_not_delivered,
                           fmt::format("Mail cannot be sent to \"{}\".", options.address))
                        .error());
  }
  const std::string from = (*mail)->from;
  const std::string body =
      fmt::format("The operator of {} asked for this message, to see that mail arrives.\n",
                  settings->public_url);
  const auto transport =
      mail::make_smtp(std::move((*mail)->smtp), std::string(mail::domain_of(from)));
  const mail::Sent sent = transport->send(from, options.address,
                                          mail::to_mime({.from = from,
                                                         .to = options.address,
                                                         .subject = "A test of mail",
                                                         .body = body,
                                                         .id = new_uuid(),
                                                         .date = SystemClock().now()}),
                                          {});
  if (sent.outcome != mail::Sent::Outcome::delivered) {
    return complain(
        refuse(MailRefusal::mail_not_delivered, "The test message was not delivered.", sent.answer)
            .error());
  }
  std::cout << "delivered to " << options.address << ": " << sent.answer << '\n';
  return 0;
}

}  // namespace

void add_mail_command(CLI::App& app, Command& chosen) {
  auto* command =
      app.add_subcommand("mail", "Look at the messages to people, and send them again.");
  command->require_subcommand(1);
  auto options = std::make_shared<MailOptions>();
  const auto subcommand = [&](const char* name, const char* help, auto run) {
    auto* added = command->add_subcommand(name, help);
    add_data_flags(*added, options->flags);
    added->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
    return added;
  };
  subcommand("list", "Print each message of the last days as a line of JSON, the last first.", list)
      ->add_option("--state", options->state, "only those in this state")
      ->check(CLI::IsMember({"pending", "delivered", "failed"}));
  auto* again = subcommand("retry", "Send messages again, at once.", retry);
  auto* which = again->add_option_group("which");
  which->add_option("ID", options->id, "a message's id");
  which->add_flag("--failed", options->failed, "all that were given up");
  which->require_option(1);
  subcommand("test", "Send a message to an address, without the outbox, and say what came of it.",
             test)
      ->add_option("ADDRESS", options->address, "where to")
      ->required();
}

}  // namespace imp::app
