#include <charconv>
#include <iostream>

#include "app/audit_files.h"
#include "app/commands/accounts_session.h"
#include "app/commands/commands.h"
#include "app/refusal.h"
#include "audit/log.h"
#include "audit/tree_verify.h"
#include "cli/refusal.h"

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
    return refuse(cli::CliRefusal::unusable_argument,
                  "--anchor takes SEQUENCE:HASH, as `audit verify` prints it.");
  }
  anchor.hash = text.substr(colon + 1);
  return anchor;
}

struct Verification {
  Flags flags;
  std::string anchor;
  std::vector<std::string> checkpoints, keys;  ///< files; verifier keys
};

/// "damaged at record N (code): what was found there."
Failure damage(std::int64_t position, std::string_view code, const std::string& text) {
  return refuse(AppRefusal::audit_damaged,
                fmt::format("the audit log is damaged at record {} ({}): {}", position, code, text))
      .error();
}

/// The keys that may have signed a remembered checkpoint: those that were given, else the log's.
Result<std::vector<tlog::VerifierKey>> trusted_keys(const Verification& given,
                                                    const audit::LogKeys& own) {
  if (!given.keys.empty()) return tlog::parse_keys(given.keys);
  const auto all = own.list();
  if (!all) return pass_on(all);
  std::vector<tlog::VerifierKey> keys;
  for (const audit::LogKey& one : *all) keys.push_back(one.key);
  return keys;
}

int verify(const Verification& given) {
  const auto anchor = parse_anchor(given.anchor);
  if (!anchor) return complain(anchor.error());
  const auto store = open(given.flags);
  if (!store) return complain(store.error());
  const SystemClock clock;
  const audit::LogKeys own(*store->database, store->sealer, clock);
  const auto keys = trusted_keys(given, own);
  if (!keys) return complain(keys.error());
  auto remembered = read_checkpoints(given.checkpoints, *keys);
  if (!remembered) return complain(remembered.error());
  const auto report = audit::verify_log(*store->database, own, *anchor, *remembered);
  if (!report) return complain(report.error());
  const audit::VerifyReport& chain = report->chain;
  if (chain.finding) {
    complain(damage(chain.finding->position, code(chain.finding->damage), chain.finding->text));
  }
  if (report->finding) {
    complain(
        damage(report->finding->position, code(report->finding->damage), report->finding->text));
  }
  if (!report->intact()) return 1;
  std::cout << "audit log intact: " << chain.records << " records\n"
            << "note this to detect truncation later: " << chain.records << ':' << chain.hash
            << '\n'
            << "sealed in the tree: " << report->tree.size << " records\n";
  for (const audit::Remembered& one : *remembered) {
    std::cout << "agrees with the checkpoint in " << one.name << ": " << one.checkpoint.size
              << " records\n";
  }
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
  auto given = std::make_shared<Verification>();
  auto* verifier =
      command->add_subcommand("verify", "Check that no record was changed, removed or added.");
  add_data_flags(*verifier, given->flags);
  verifier->add_option("--anchor", given->anchor, "SEQUENCE:HASH noted from an earlier run");
  verifier
      ->add_option("--checkpoint", given->checkpoints,
                   "file of a checkpoint noted earlier (may be repeated)")
      ->allow_extra_args(false);
  verifier
      ->add_option("--key", given->keys,
                   "verifier key of these checkpoints (may be repeated; default: the log's own)")
      ->allow_extra_args(false);
  verifier->callback([given, &chosen] { chosen = [given] { return verify(*given); }; });
  auto* exporter = command->add_subcommand("export", "Print every record as a line of JSON.");
  add_data_flags(*exporter, *flags);
  exporter->callback([flags, &chosen] { chosen = [flags] { return export_log(*flags); }; });
  add_audit_tree_commands(*command, chosen);
}

}  // namespace imp::app
