#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "cli/commands.h"
#include "cli/refusal.h"
#include "jose/strict_json.h"
#include "registry/packages/semver.h"
#include "verify/verify.h"

namespace imp::cli {

namespace {

constexpr Milliseconds kBetweenTries{500};

struct VerifyOptions {
  std::string release;
  RegistryOptions registry;
  std::string keys_file, checkpoint_file, note_file, root_file;
  std::vector<std::string> log_keys, required;
};

struct Asked {
  registry::PackageName name;
  std::string version;
};

Result<Asked> asked(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    return refuse(CliRefusal::unusable_argument,
                  "Name one version, as in @acme/widget@1.0.0. Tags move; a version does not.");
  }
  auto name = registry::PackageName::for_read(text.substr(0, at));
  if (!name) return pass_on(name);
  if (!registry::is_canonical_version(text.substr(at + 1))) {
    return refuse(
        CliRefusal::unusable_argument,
        fmt::format("\"{}\" is no version. Name one, as in @acme/widget@1.0.0: tags move, "
                    "and ranges are many.",
                    text.substr(at + 1)));
  }
  return Asked{std::move(*name), text.substr(at + 1)};
}

Result<verify::Options> given(const VerifyOptions& options) {
  verify::Options out;
  const Registry registry = Registry::open(options.registry, process_environment());
  if (const auto address = registry.has_address(); !address) return pass_on(address);
  out.registry = registry.address();
  out.token = registry.token().value_or("");
  if (!options.keys_file.empty()) {
    const auto text = read_input(options.keys_file);
    if (!text) return pass_on(text);
    auto document = jose::parse_strict_object(*text, {});
    if (!document) {
      return refuse(CliRefusal::unusable_input,
                    fmt::format("{} is not what the registry answers at /-/npm/v1/keys: {}.",
                                options.keys_file, document.error()));
    }
    out.keys = std::move(*document);
  }
  if (!options.root_file.empty()) {
    const auto text = read_input(options.root_file);
    if (!text) return pass_on(text);
    auto root = sigstore::parse_trusted_root(*text);
    if (!root) {
      return refuse(CliRefusal::unusable_input,
                    fmt::format("{}: {}", options.root_file, root.error().message));
    }
    out.trusted_root = std::move(*root);
  }
  auto log_keys = tlog::parse_keys(options.log_keys);
  if (!log_keys) return pass_on(log_keys);
  out.log.keys = std::move(*log_keys);
  if (!options.checkpoint_file.empty()) {
    auto text = read_input(options.checkpoint_file);
    if (!text) return pass_on(text);
    out.log.checkpoint = std::move(*text);
  }
  out.required = options.required;
  out.log.wanted = !options.note_file.empty();
  out.wait = [] { std::this_thread::sleep_for(kBetweenTries); };
  return out;
}

/// Written beside and renamed: what was noted before is the only memory of the log.
Result<void> note(const std::string& path, const std::string& checkpoint) {
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file << checkpoint;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(beside, path, error);
  if (file && !error) return {};
  std::filesystem::remove(beside, error);
  return refuse(CliRefusal::unusable_input, fmt::format("{} cannot be written.", path));
}

int run(const VerifyOptions& options) {
  const auto release = asked(options.release);
  if (!release) return complain(release.error());
  const auto settings = given(options);
  if (!settings) return complain(settings.error());
  const auto client = http::make_client();
  const verify::Report report = verify::verify(*client, release->name, release->version, *settings);
  std::cout << (options.registry.json ? report.json() : report.text());
  if (!report.good()) return 1;
  if (!options.note_file.empty()) {
    if (const auto noted = note(options.note_file, report.checkpoint); !noted) {
      return complain(noted.error());
    }
  }
  return 0;
}

}  // namespace

void add_verify_command(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<VerifyOptions>();
  auto* command = app.add_subcommand(
      "verify",
      "Check a published version from the outside: tarball, signature, attestations, audit log. "
      "A restricted package needs a token in IMPRIMATUR_TOKEN or in npm's configuration.");
  command->footer("Example: imprimatur verify @acme/widget@1.0.0 --note checkpoint.txt");
  command->add_option("PACKAGE@VERSION", options->release, "what to check")->required();
  add_address_flag(*command, options->registry);
  command->add_option("--keys", options->keys_file,
                      "believe the keys in this file, an earlier answer of /-/npm/v1/keys, alone");
  command->add_option("--trusted-root", options->root_file,
                      "verify Sigstore bundles against this trusted_root.json");
  command
      ->add_option("--log-key", options->log_keys,
                   "believe this verifier key of the audit log alone (may be repeated)")
      ->allow_extra_args(false);
  command->add_option("--checkpoint", options->checkpoint_file,
                      "the log must begin with that of this checkpoint, noted earlier");
  command->add_option("--note", options->note_file,
                      "when everything holds, keep the log's checkpoint here for next time");
  command
      ->add_option("--require", options->required,
                   "these checks must pass, and are not skipped where there is nothing to check: "
                   "attestation, provenance, inclusion, consistency (with commas between them)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"attestation", "provenance", "inclusion", "consistency"}));
  command->add_flag("--json", options->registry.json, "print the checks as JSON");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace imp::cli
