#include <boost/json.hpp>
#include <iostream>

#include "app/audit_files.h"
#include "app/commands/commands.h"
#include "app/commands/proof_check.h"
#include "app/store.h"
#include "audit/transparency_log.h"

extern char** environ;

namespace imp::app {

namespace {

/// The tree of the data directory, beside a running server or without one.
struct OpenTree {
  Store store;
  SystemClock clock;
  audit::TransparencyLog tree;

  explicit OpenTree(Store opened)
      : store(std::move(opened)), tree(*store.database, store.sealer, clock) {}
};

Result<std::unique_ptr<OpenTree>> open(const Flags& flags) {
  const auto settings = load_settings(flags, environ);
  if (!settings) return pass_on(settings);
  auto store = open_store(settings->data, false);
  if (!store) return pass_on(store);
  return std::make_unique<OpenTree>(std::move(*store));
}

int print_checkpoint(const Flags& flags) {
  const auto opened = open(flags);
  if (!opened) return complain(opened.error());
  audit::TransparencyLog& tree = (*opened)->tree;
  if (const auto sealed = tree.seal_all(); !sealed) return complain(sealed.error());
  const auto state = tree.checkpoint();
  if (!state) return complain(state.error());
  std::cout << state->checkpoint;
  return 0;
}

int print_keys(const Flags& flags) {
  const auto opened = open(flags);
  if (!opened) return complain(opened.error());
  const auto keys = (*opened)->tree.keys().list();
  if (!keys) return complain(keys.error());
  for (const audit::LogKey& one : *keys) {
    if (!one.signs_until || *one.signs_until > (*opened)->clock.now()) {
      std::cout << one.key.text() << '\n';
    }
  }
  return 0;
}

int rotate_key(const Flags& flags, bool at_once) {
  const auto opened = open(flags);
  if (!opened) return complain(opened.error());
  audit::TransparencyLog& tree = (*opened)->tree;
  const auto key = tree.keys().rotate(at_once ? audit::LogKeys::OldKey::stops
                                              : audit::LogKeys::OldKey::signs_on);
  if (!key) return complain(key.error());
  if (const auto sealed = tree.seal_all(); !sealed) return complain(sealed.error());
  std::cout << key->text() << '\n';
  return 0;
}

int prove(const Flags& flags, std::int64_t sequence) {
  const auto opened = open(flags);
  if (!opened) return complain(opened.error());
  audit::TransparencyLog& tree = (*opened)->tree;
  // Only for what is not sealed yet: a damaged end must not stop proofs of what is sound.
  const auto state = tree.checkpoint();
  if (!state || state->size < sequence) {
    if (const auto sealed = tree.seal_all(); !sealed) return complain(sealed.error());
  }
  const auto proof = tree.prove(sequence);
  if (!proof) return complain(proof.error());
  std::cout << *proof;
  return 0;
}

struct ProofToCheck {
  std::string file, since;
  std::vector<std::string> keys;
};

int check(const ProofToCheck& given) {
  const auto keys = tlog::parse_keys(given.keys);
  if (!keys) return complain(keys.error());
  const auto text = read_text_file(given.file);
  if (!text) return complain(text.error());
  Result<std::string> told;
  if (given.since.empty()) {
    told = check_inclusion_file(*text, *keys);
  } else {
    const auto since = read_text_file(given.since);
    if (!since) return complain(since.error());
    told = check_consistency_file(*text, *since, *keys);
  }
  if (!told) return complain(told.error());
  std::cout << *told;
  return 0;
}

}  // namespace

void add_audit_tree_commands(CLI::App& audit, Command& chosen) {
  auto flags = std::make_shared<Flags>();
  auto* checkpoint = audit.add_subcommand(
      "checkpoint", "Seal what is new, and print the signed checkpoint of the whole log.");
  add_data_flags(*checkpoint, *flags);
  checkpoint->callback([flags, &chosen] { chosen = [flags] { return print_checkpoint(*flags); }; });

  auto* key = audit.add_subcommand("key", "Print the verifier keys that sign checkpoints.");
  add_data_flags(*key, *flags);
  key->callback([flags, &chosen] { chosen = [flags] { return print_keys(*flags); }; });

  auto* rotation = audit.add_subcommand(
      "rotate-key", "Sign checkpoints with a new key; the old one signs beside it for 30 days.");
  auto at_once = std::make_shared<bool>(false);
  add_data_flags(*rotation, *flags);
  rotation->add_flag("--at-once", *at_once, "the old key stops now: somebody else may know it");
  rotation->callback([flags, at_once, &chosen] {
    chosen = [flags, at_once] { return rotate_key(*flags, *at_once); };
  });

  auto* prover =
      audit.add_subcommand("prove", "Print a record with its proof, to be checked elsewhere.");
  auto sequence = std::make_shared<std::int64_t>(0);
  prover->add_option("SEQUENCE", *sequence, "the record's number")->required();
  add_data_flags(*prover, *flags);
  prover->callback([flags, sequence, &chosen] {
    chosen = [flags, sequence] { return prove(*flags, *sequence); };
  });

  auto* checker = audit.add_subcommand("check-proof", "Check a proof, without any server or data.");
  auto proof = std::make_shared<ProofToCheck>();
  checker->add_option("FILE", proof->file, "what `audit prove` printed; - for standard input")
      ->required();
  checker->add_option("--key", proof->keys, "a verifier key of the log (may be repeated)")
      ->allow_extra_args(false)
      ->required();
  checker->add_option("--since", proof->since,
                      "FILE is an answer of /-/audit/consistency, from this older checkpoint on");
  checker->callback([proof, &chosen] { chosen = [proof] { return check(*proof); }; });
}

}  // namespace imp::app
