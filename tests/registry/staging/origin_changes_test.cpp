#include "registry/staging/origin_changes.h"

#include <gtest/gtest.h>

#include <array>

namespace imp::registry {
namespace {

Origin example() {
  BundleJudgement bundle;
  bundle.verified = true;
  bundle.signer.source_repository = "https://git.example/acme/widgets";
  bundle.signer.build_config = "https://git.example/acme/widgets/release.yml@refs/heads/main";
  bundle.signer.source_commit = "c0ffee";
  return {.publisher = "GitHub Actions (trusted publisher)",
          .maintainers = {"alice", "bob"},
          .run = {{"iss", "https://issuer.example"},
                  {"repository", "acme/widgets"},
                  {"ref", "refs/heads/main"},
                  {"sha", "c0ffee"},
                  {"run_id", "7"},
                  {"context-ids", {"a", "b"}}},
          .bundle = bundle};
}

/// "what: before -> after"
std::vector<std::string> lines(const Origin& before, const Origin& after) {
  std::vector<std::string> out;
  for (const OriginChange& change : origin_changes(before, after)) {
    out.push_back(change.what + ": " + change.before + " -> " + change.after);
  }
  return out;
}
using Lines = std::vector<std::string>;

TEST(OriginChanges, TheNextRunOfTheSamePipelineIsNoChange) {
  Origin next = example();
  next.run["sha"] = "decade";
  next.run["run_id"] = "8";
  next.bundle->signer.source_commit = "decade";
  EXPECT_EQ(lines(example(), next), Lines());
  EXPECT_TRUE(provenance_warnings("1.0.0", example(), next).empty());
}

TEST(OriginChanges, PeopleWhoCameAndWent) {
  Origin next = example();
  next.maintainers = {"bob", "mallory"};
  EXPECT_EQ(lines(example(), next), (Lines{"maintainer: alice -> ", "maintainer:  -> mallory"}));
}

TEST(OriginChanges, AnotherPipeline) {
  Origin next = example();
  next.run["repository"] = "mallory/widgets";
  next.run["ref"] = "refs/heads/evil";
  next.run.erase("context-ids");
  EXPECT_EQ(lines(example(), next), (Lines{"run.context-ids: [\"a\",\"b\"] -> ",
                                           "run.repository: acme/widgets -> mallory/widgets",
                                           "run.ref: refs/heads/main -> refs/heads/evil"}));
}

TEST(OriginChanges, AnotherClassOfRunner) {
  Origin before = example(), next = example();
  before.provider = next.provider = trust::provider_of_type("github");
  before.run["runner_environment"] = "github-hosted";
  next.run["runner_environment"] = "self-hosted";
  EXPECT_EQ(lines(before, next), Lines{"runner: github-hosted -> self-hosted"});
  // Between a run and a person there is nothing to compare.
  next.run.clear();
  EXPECT_EQ(lines(before, next), Lines());
}

// Of a provider that was added, too: what its publishers can require tells its jobs apart.
TEST(OriginChanges, TheClaimsOfTheProvidersTable) {
  const std::array claims = {trust::ClaimRule{.name = "kiln/recipe"}};
  trust::Provider kiln = *trust::provider_of_type("github");
  kiln.run_prefix = "kiln/";
  kiln.claims = claims;
  Origin before = example(), next = example();
  before.run["recipe"] = "release";
  next.run["recipe"] = "test";
  EXPECT_EQ(lines(before, next), Lines());
  before.provider = &kiln;
  EXPECT_EQ(lines(before, next), Lines{"run.recipe: release -> test"});
}

TEST(OriginChanges, APersonInsteadOfAPipeline) {
  Origin next = example();
  next.publisher = "alice";
  next.run.clear();
  next.bundle.reset();
  EXPECT_EQ(lines(example(), next),
            (Lines{"published by: GitHub Actions (trusted publisher) -> alice",
                   "provenance: verified: https://git.example/acme/widgets, "
                   "https://git.example/acme/widgets/release.yml@refs/heads/main -> "}));
  EXPECT_EQ(provenance_warnings("1.0.0", example(), next),
            Lines{"1.0.0 came with provenance; this one has none."});
}

TEST(OriginChanges, WhatAnUnverifiedBundleSaysIsNotShown) {
  Origin next = example();
  next.bundle->verified = false;
  next.bundle->signer.source_repository = "https://git.example/trusted/by-all";
  EXPECT_EQ(lines(example(), next).back(),
            "provenance: verified: https://git.example/acme/widgets, "
            "https://git.example/acme/widgets/release.yml@refs/heads/main -> not verified");
  EXPECT_EQ(provenance_warnings("1.0.0", example(), next),
            Lines{"The provenance of 1.0.0 was verified; that of this one cannot be."});
}

TEST(OriginChanges, AnotherRepositoryIsWarnedOf) {
  Origin next = example();
  next.bundle->signer.source_repository = "https://git.example/mallory/widgets";
  EXPECT_EQ(provenance_warnings("1.0.0", example(), next),
            Lines{"Its provenance names another repository than that of 1.0.0: "
                  "https://git.example/mallory/widgets."});
  // Between two that nobody verified there is nothing to warn of.
  Origin before = example();
  before.bundle->verified = next.bundle->verified = false;
  EXPECT_TRUE(provenance_warnings("1.0.0", before, next).empty());
}

}  // namespace
}  // namespace imp::registry
