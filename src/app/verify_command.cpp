#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "app/audit_files.h"
#include "app/commands.h"
#include "app/refusal.h"
#include "app/trusted_root_file.h"
#include "jose/strict_json.h"
#include "verify/verify.h"

namespace imp::app {

namespace {

constexpr Milliseconds kBetweenTries{500};

struct VerifyOptions {
  std::string release;
  std::string registry = "http://localhost:4873";
  std::string keys_file, checkpoint_file, note_file, root_file;
  std::vector<std::string> log_keys;
  bool json = false;
};

struct Asked {
  registry::PackageName name;
  std::string version;
};

Result<Asked> asked(const std::string& text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    return refuse(AppRefusal::unusable_input,
                  "Name one version, as in @acme/widget@1.0.0. Tags move; a version does not.");
  }
  auto name = registry::PackageName::for_read(text.substr(0, at));
  if (!name) return pass_on(name);
  return Asked{std::move(*name), text.substr(at + 1)};
}

Result<verify::Options> given(const VerifyOptions& options) {
  verify::Options out;
  out.registry = options.registry;
  if (const char* token = std::getenv("IMPRIMATUR_TOKEN")) out.token = token;
  if (!options.keys_file.empty()) {
    const auto text = read_text_file(options.keys_file);
    if (!text) return pass_on(text);
    auto document = jose::parse_strict_object(*text, {});
    if (!document) {
      return refuse(AppRefusal::unusable_input,
                    fmt::format("{} is not what the registry answers at /-/npm/v1/keys: {}.",
                                options.keys_file, document.error()));
    }
    out.keys = std::move(*document);
  }
  if (!options.root_file.empty()) {
    auto root = load_trusted_root(options.root_file);
    if (!root) return pass_on(root);
    out.trusted_root = std::move(*root);
  }
  auto log_keys = parse_keys(options.log_keys);
  if (!log_keys) return pass_on(log_keys);
  out.log.keys = std::move(*log_keys);
  if (!options.checkpoint_file.empty()) {
    auto text = read_text_file(options.checkpoint_file);
    if (!text) return pass_on(text);
    out.log.checkpoint = std::move(*text);
  }
  out.wait = [] { std::this_thread::sleep_for(kBetweenTries); };
  return out;
}

Result<void> note(const std::string& path, const std::string& checkpoint) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << checkpoint;
  file.close();
  if (file) return {};
  return refuse(AppRefusal::unusable_input, fmt::format("{} cannot be written.", path));
}

int run(const VerifyOptions& options) {
  const auto release = asked(options.release);
  if (!release) return complain(release.error());
  const auto settings = given(options);
  if (!settings) return complain(settings.error());
  const auto client = http::make_client();
  const verify::Report report = verify::verify(*client, release->name, release->version, *settings);
  std::cout << (options.json ? report.json() : report.text());
  if (!report.good()) return 1;
  if (!options.note_file.empty() && !report.checkpoint.empty()) {
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
      "For a restricted package set IMPRIMATUR_TOKEN.");
  command->add_option("PACKAGE@VERSION", options->release, "what to check")->required();
  command->add_option("--registry", options->registry, "the registry's address")
      ->capture_default_str();
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
  command->add_flag("--json", options->json, "print the checks as JSON");
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace imp::app
