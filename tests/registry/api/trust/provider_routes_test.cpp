#include "registry/api/registry_fixture.h"

// Each provider through npm's own endpoints: from the trust request to what a packument shows.

namespace imp::registry::test {
namespace {

struct Shape {
  const char* type;
  json::object job, publisher;
  const char* machine;
  /// A change of the job, and what the exchange then answers.
  struct Refused {
    const char* claim;
    const char* json_text;
    const char* outcome;
  };
  std::vector<Refused> refused;
  /// Changes of the claim that names the file, which are the publisher's all the same.
  const char* file_claim;
  std::vector<std::string> files, other_files;
};

/// Where a workflow of acme/widgets lies, and at which revision.
std::string workflow(std::string_view rest) {
  return "acme/widgets/.github/workflows/" + std::string(rest);
}
std::string ci_file(std::string_view rest) {
  return "gitlab.com/acme/tools/widgets//" + std::string(rest);
}

std::vector<Shape> shapes() {
  return {
      {"github",
       trust::test::github_job(),
       trust::test::github_publisher(),
       "GitHub Actions",
       {{"event_name", "\"pull_request_target\"", "403 banned_event"},
        {"event_name", "\"workflow_run\"", "403 banned_event"},
        {"event_name", "", "403 claim_missing"},
        {"runner_environment", "\"self-hosted\"", "403 self_hosted_runner"},
        {"runner_environment", "", "403 self_hosted_runner"},
        {"repository", "\"acme/gadgets\"", "404 no_matching_publisher"},
        {"repository", "\"Acme/widgets\"", "403 tenant_mismatch"},
        {"repository_owner", "\"mallory\"", "403 tenant_mismatch"},
        {"repository_id", "\"1002\"", "403 resurrected_project"},
        {"repository_owner_id", "\"78\"", "403 resurrected_project"},
        {"environment", "\"NPM\"", "403 claim_mismatch"},
        {"environment", "", "403 claim_missing"},
        {"workflow_ref", "", "403 claim_missing"},
        {"iss", "\"https://token.actions.githubusercontent.com/acme\"", "401 unknown_issuer"},
        {"iss", "\"https://gitlab.com\"", "404 no_matching_publisher"}},
       "workflow_ref",
       {workflow("release.yml@refs/tags/v1"), workflow("release.yml@" + std::string(40, 'a')),
        workflow("release.yml@refs/heads/misleading@evil.yml")},
       {workflow("other.yml@refs/heads/main"), workflow("Release.yml@refs/heads/main"),
        workflow("release.yml@evil.yml@refs/heads/main"),
        workflow("evil@release.yml@refs/heads/main"),
        workflow("extra@release.yml@evil.yml@refs/heads/main"),
        workflow("evil.yml@refs/heads/release.yml"), workflow("evil.yml@refs/heads/x@release.yml"),
        workflow("x/release.yml@refs/heads/main"), workflow("release.yml"),
        workflow("release.yml@"), workflow("release.yml@refs/"), workflow("release.yml@main"),
        "acme/widgets/workflows/release.yml@refs/heads/main",
        "acme/evil/.github/workflows/release.yml@refs/heads/main"}},
      {"gitlab",
       trust::test::gitlab_job(),
       trust::test::gitlab_publisher(),
       "GitLab CI/CD",
       {{"pipeline_source", "\"merge_request_event\"", "403 banned_event"},
        {"runner_environment", "\"self-hosted\"", "403 self_hosted_runner"},
        {"namespace_path", "\"acme\"", "403 tenant_mismatch"},
        {"project_id", "\"1002\"", "403 resurrected_project"},
        {"namespace_id", "\"78\"", "403 resurrected_project"},
        {"environment", "\"NPM\"", "403 claim_mismatch"},
        {"ci_config_ref_uri", "null", "403 claim_missing"}},
       "ci_config_ref_uri",
       {ci_file("ci/.gitlab-ci.yml@refs/heads/main"),
        "git.acme.example:8443/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"},
       {ci_file("evil.yml@refs/heads/main"), ci_file("x.gitlab-ci.yml@refs/heads/main"),
        ci_file("evil.yml@refs/heads/.gitlab-ci.yml"),
        ci_file(".gitlab-ci.yml@refs/evil.yml@refs/heads/main"),
        ci_file(".gitlab-ci.yml@refs/heads/evil"), ci_file(".gitlab-ci.yml"),
        "gitlab.com/acme/tools/evil//.gitlab-ci.yml@refs/heads/main",
        "gitlab.com/evil/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main",
        "gitlab.com/acme/tools/widgets/.gitlab-ci.yml@refs/heads/main",
        "acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"}}};
}

class ProviderRoutes : public RegistryTest {
 protected:
  Answer trust_as(const std::string& type, const json::object& claims, const std::string& name) {
    const json::array body{
        {{"type", type}, {"claims", claims}, {"permissions", {"createPackage"}}}};
    return ask({.method = Method::post,
                .target = "/-/package/@alice%2f" + name + "/trust",
                .token = alice.token,
                .otp = otp(alice),
                .body = json::serialize(body)});
  }
  std::string token(json::object job, std::string_view claim = {}, std::string_view text = {}) {
    const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
    job["iat"] = now;
    job["exp"] = now + 300;
    job["jti"] = "job-" + std::to_string(++jobs_);
    if (!claim.empty()) job = trust::test::changed(job, claim, text);
    return trust::test::signed_token(job);
  }

  User alice = add_user("alice", true);
  int jobs_ = 0;
};

TEST_F(ProviderRoutes, FromTheRequestToThePackument) {
  for (Shape& it : shapes()) {
    SCOPED_TRACE(it.type);
    const std::string name = "@alice/" + std::string(it.type);
    ASSERT_EQ(publish(alice.token, name, "1.0.0", otp(alice)).status, 201);
    it.publisher["environment"] = "npm";
    const Answer made = trust_as(it.type, it.publisher, it.type);
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.document().at(0).at("claims"), json::value(it.publisher));
    const std::string id(made.document().at(0).at("id").as_string());

    const Answer minted = exchange(token(it.job), name);
    ASSERT_EQ(minted.outcome(), "201 ok") << minted.body;
    ASSERT_EQ(publish(minted.text("token"), name, "1.1.0").status, 201);
    const json::value packument = get("/@alice%2f" + std::string(it.type), alice.token).document();
    const json::value& user = packument.at("versions").at("1.1.0").at("_npmUser");
    EXPECT_EQ(user.at("name"), json::value(it.machine));
    EXPECT_EQ(user.at("trustedPublisher"),
              json::value({{"id", it.type}, {"oidcConfigId", "oidc:" + id}}));
    // Whose machine it was is kept with what was tried: with the exchange and with the publish.
    const json::value* runner = it.job.if_contains("runner_environment");
    const json::value tried =
        get("/-/package/@alice%2f" + std::string(it.type) + "/trust/attempts", alice.token)
            .document();
    for (const int i : {0, 1}) {
      const json::value* told = tried.at(i).as_object().if_contains("runner");
      EXPECT_EQ(told ? *told : json::value(), runner ? *runner : json::value());
    }
    for (const auto& [claim, text, outcome] : it.refused) {
      EXPECT_EQ(exchange(token(it.job, claim, text), name).outcome(), outcome)
          << claim << " " << text;
    }
    const auto with_file = [&](const std::string& file) {
      return exchange(token(it.job, it.file_claim, trust::test::json_string(file)), name).outcome();
    };
    for (const std::string& file : it.files) EXPECT_EQ(with_file(file), "201 ok") << file;
    for (const std::string& file : it.other_files) {
      EXPECT_EQ(with_file(file), "403 claim_mismatch") << file;
    }
  }
}

// Of a token that outlived its publisher, too: somebody may have kept it.
TEST_F(ProviderRoutes, WhoseMachineItWasIsKnownAfterThePublisherIsGone) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  const Answer made = trust_as("github", trust::test::github_publisher(), "lib");
  const std::string minted = exchange(token(trust::test::github_job()), "@alice/lib").text("token");
  const std::string id(made.document().at(0).at("id").as_string());
  ASSERT_EQ(ask({.method = Method::del,
                 .target = "/-/package/@alice%2flib/trust/" + id,
                 .token = alice.token,
                 .otp = otp(alice)})
                .status,
            204);
  clock_.advance(Milliseconds(1));
  ASSERT_EQ(publish(minted, "@alice/lib", "1.1.0").outcome(), "401 publish_token_invalid");
  EXPECT_EQ(attempts("@alice/lib").front().runner, "github-hosted");
}

TEST_F(ProviderRoutes, ACalledWorkflowIsASecondClaim) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  json::object claims = trust::test::github_publisher();
  claims["job_workflow_ref"] = "acme/shared/.github/workflows/publish.yml@refs/tags/v1";
  ASSERT_EQ(trust_as("github", claims, "lib").status, 200);
  const json::object job = trust::test::github_job();
  EXPECT_EQ(exchange(token(job), "@alice/lib").outcome(), "201 ok");
  EXPECT_EQ(exchange(token(job, "job_workflow_ref",
                           "\"acme/shared/.github/workflows/publish.yml@refs/heads/x\""),
                     "@alice/lib")
                .outcome(),
            "403 claim_mismatch");
}

// While one project's token was verified, another one that had the name was the first.
TEST_F(ProviderRoutes, WhatAnotherProjectTaughtMeanwhileIsRequired) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  const Answer made = trust_as("github", trust::test::github_publisher(), "lib");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string id(made.document().at(0).at("id").as_string());
  exchange_clock_.then([&] {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      auto publisher = trust::publisher_by_id(session, id).value();
      json::object job = trust::test::github_job();
      job["repository_id"] = "1002";
      publisher.claims.learn_from(job);
      trust::keep_learnt(session, publisher);
      return {};
    }));
  });
  EXPECT_EQ(exchange(token(trust::test::github_job()), "@alice/lib").outcome(),
            "403 resurrected_project");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(ProviderRoutes, AnEventMayBeRequired) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  json::object claims = trust::test::github_publisher();
  claims["event_name"] = "pull_request_target";
  EXPECT_EQ(trust_as("github", claims, "lib").outcome(), "400 invalid_publisher");
  claims["event_name"] = "release";
  ASSERT_EQ(trust_as("github", claims, "lib").status, 200);
  const auto started_by = [&](const char* event) {
    return exchange(token(trust::test::github_job(), "event_name", event), "@alice/lib").outcome();
  };
  EXPECT_EQ(started_by("\"push\""), "403 claim_mismatch");
  EXPECT_EQ(started_by("\"release\""), "201 ok");
}

// Whoever governs is told that other jobs of the file can publish, too.
TEST_F(ProviderRoutes, AnEnvironmentThatIsNotRequiredIsTold) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  ASSERT_EQ(trust_as("github", trust::test::github_publisher(), "lib").status, 200);
  const json::value told = json::parse(R"([{"claim": "environment", "received": "npm"}])");
  const std::string identity = token(trust::test::github_job());
  const Answer checked = ask({.method = Method::post,
                              .target = "/-/package/@alice%2flib/trust/check",
                              .token = alice.token,
                              .body = json::serialize(json::object{{"token", identity}})});
  EXPECT_EQ(checked.document().at("publishers").at(0).at("unasked"), told) << checked.body;
  const Answer minted = exchange(identity, "@alice/lib");
  ASSERT_EQ(minted.outcome(), "201 ok");
  EXPECT_FALSE(minted.body.contains("unasked"));
  // Of a job that the publisher does not trust, nothing is told.
  EXPECT_EQ(
      exchange(token(trust::test::github_job(), "workflow_ref", "\"x\""), "@alice/lib").outcome(),
      "403 claim_mismatch");
  int exchanges = 0;
  for (const trust::Attempt& attempt : attempts("@alice/lib")) {
    if (attempt.action != "exchange") continue;
    ++exchanges;
    const json::object& compared = attempt.comparison.at(0).as_object();
    if (attempt.outcome == "granted") {
      EXPECT_EQ(compared.at("unasked"), told);
    } else {
      EXPECT_FALSE(compared.contains("unasked"));
    }
  }
  EXPECT_EQ(exchanges, 2);
}

// The token is good for the version that the tag names, to publish and to stage.
TEST_F(ProviderRoutes, AVersionMayBeBoundToItsTag) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  json::object claims = trust::test::github_publisher();
  claims["ref"] = "refs/tags/v{{version}}";
  ASSERT_EQ(trust_as("github", claims, "lib").status, 200);
  json::object job = trust::test::github_job();
  EXPECT_EQ(exchange(token(job), "@alice/lib").outcome(), "403 claim_mismatch");  // a branch
  job["ref"] = "refs/tags/v1.2.0";
  job["workflow_ref"] = "acme/widgets/.github/workflows/release.yml@refs/tags/v1.2.0";
  const std::string minted = exchange(token(job), "@alice/lib").text("token");
  const Answer refused = publish(minted, "@alice/lib", "1.3.0");
  EXPECT_EQ(refused.outcome(), "403 version_tag_mismatch");
  EXPECT_TRUE(refused.text("message").contains("1.2.0")) << refused.body;
  EXPECT_EQ(stage(minted, "@alice/lib", "1.3.0").outcome(), "403 version_tag_mismatch");
  const auto recorded = attempts("@alice/lib");
  EXPECT_EQ(std::ranges::count(recorded, "version_tag_mismatch", &trust::Attempt::outcome), 2);
  EXPECT_EQ(publish(minted, "@alice/lib", "1.2.0").status, 201);
}

TEST_F(ProviderRoutes, NamesAreNotNormalised) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  json::object claims = trust::test::github_publisher();
  claims["environment"] = "caf\u00e9";
  ASSERT_EQ(trust_as("github", claims, "lib").status, 200);
  const json::object job = trust::test::github_job();
  EXPECT_EQ(exchange(token(job, "environment", R"("cafe\u0301")"), "@alice/lib").outcome(),
            "403 claim_mismatch");
  EXPECT_EQ(exchange(token(job, "environment", R"("caf\u00e9")"), "@alice/lib").outcome(),
            "201 ok");
}

TEST_F(ProviderRoutes, OneProvidersClaimsAreNotAnothers) {
  ASSERT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201);
  EXPECT_EQ(trust_as("github", trust::test::gitlab_publisher(), "lib").outcome(),
            "400 invalid_publisher");
  EXPECT_EQ(trust_as("gitlab", trust::test::publisher_claims(), "lib").outcome(),
            "400 invalid_publisher");
}

}  // namespace
}  // namespace imp::registry::test
