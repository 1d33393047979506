#include "audit/log.h"
#include "audit/verify.h"
#include "jose/forge.h"
#include "registry/trust/refusal.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Refused {
  const char* name;
  std::function<std::string()> token;
  const char* code;
  FailureKind kind = FailureKind::unauthenticated;
  bool proved = false;
};

std::string without_signature(std::string_view header) {
  return jose::test::unsigned_token(header, json::serialize(job_claims()));
}

class RefusedExchange : public ExchangeTest, public testing::WithParamInterface<Refused> {};

TEST_P(RefusedExchange, IsCountedAuditedAndShownToMaintainers) {
  add(package.id, publisher_claims({kContextA}));
  const auto refused = exchange(GetParam().token());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), GetParam().code) << refused.error().message;
  EXPECT_EQ(refused.error().kind(), GetParam().kind);
  EXPECT_FALSE(refused.error().message.empty());

  ASSERT_EQ(attempts().size(), 1u);
  const Attempt attempt = attempts().front();
  EXPECT_EQ(attempt.outcome, GetParam().code);
  EXPECT_EQ(attempt.message, refused.error().message);
  EXPECT_EQ(attempt.action, "exchange");
  EXPECT_EQ(attempt.remote_address, "192.0.2.1");
  EXPECT_EQ(attempt.proved, GetParam().proved);
  const auto records = audit::list(*database, {.action_prefix = "trust.exchange"}).value().entries;
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.front().record.outcome, GetParam().code);
  EXPECT_EQ(records.front().record.subject, "package:@acme/widget");
  EXPECT_EQ(records.front().record.request_id, "request-1");
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"" + std::string(GetParam().code) + "\"} 1"));
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
}

std::function<std::string()> with(const char* name, std::string json_text) {
  return [=] { return token_with(claim(name), json_text); };
}
std::function<std::string()> registered(const char* name, std::string json_text) {
  return [=] { return token_with(name, json_text); };
}
std::function<std::string()> plain(std::string token) {
  return [=] { return token; };
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedExchange,
    testing::Values(
        Refused{"NoToken", plain(""), "missing_token"},
        Refused{"NotAToken", plain("abc"), "malformed", FailureKind::invalid},
        Refused{"HugeToken", plain(std::string(1 << 20, 'a')), "too_large", FailureKind::too_large},
        Refused{"NoAlgorithm", [] { return without_signature(R"({"alg":"none","kid":"r"})"); },
                "algorithm_not_allowed"},
        Refused{"Hmac", [] { return without_signature(R"({"alg":"HS256","kid":"r"})"); },
                "algorithm_not_allowed"},
        Refused{"KeyInTheHeader",
                [] { return without_signature(R"({"alg":"RS256","kid":"r","jku":"https://x"})"); },
                "header_not_allowed", FailureKind::invalid},
        Refused{"NoIssuer", registered("iss", ""), "missing_claim"},
        Refused{"UnknownIssuer", registered("iss", json_string("https://evil.example")),
                "unknown_issuer"},
        Refused{"IssuerWithSlash", registered("iss", json_string(organization_issuer() + "/")),
                "unknown_issuer"},
        Refused{"UnknownKey",
                [] { return signed_token(job_claims(), jose::test::rsa_key(), "unknown"); },
                "unknown_key"},
        Refused{"ForeignKey",
                [] { return signed_token(job_claims(), jose::test::foreign_rsa_key()); },
                "bad_signature"},
        Refused{"OtherAudience", registered("aud", "\"npm:example.org\""), "audience_mismatch"},
        Refused{"AudienceInCapitals", registered("aud", "\"NPM:registry.example\""),
                "audience_mismatch"},
        Refused{"AudienceOfCircleCi", registered("aud", json_string(kOrganization)),
                "audience_mismatch"},
        Refused{"TwoAudiences", registered("aud", R"(["npm:registry.example","x"])"), "claim_type"},
        Refused{"Expired", registered("exp", std::to_string(kIssuedAt + 1)), "expired"},
        Refused{"SixMinutesOld",
                [] {
                  return signed_token(
                      changed(job_claims(), "iat", std::to_string(kIssuedAt - 360)));
                },
                "too_old"},
        Refused{"FromTheFuture", registered("iat", std::to_string(kIssuedAt + 600)),
                "issued_in_future"},
        Refused{"LivesADay", registered("exp", std::to_string(kIssuedAt + 86400)),
                "lifetime_too_long"},
        Refused{"RerunWithSsh", with("ssh-rerun", "true"), "ssh_rerun", FailureKind::forbidden,
                true},
        Refused{"RerunAsText", with("ssh-rerun", "\"false\""), "claim_missing",
                FailureKind::forbidden, true},
        Refused{"OtherTenant", with("org-id", json_string(kOther)), "tenant_mismatch",
                FailureKind::forbidden, true},
        Refused{"OtherProject", with("project-id", json_string(kOther)), "no_matching_publisher",
                FailureKind::not_found, true},
        Refused{"OtherDefinition", with("pipeline-definition-id", json_string(kOther)),
                "claim_mismatch", FailureKind::forbidden, true},
        Refused{"Fork", with("vcs-origin", "\"github.com/mallory/widgets\""), "claim_mismatch",
                FailureKind::forbidden, true},
        Refused{"NoOrigin", with("vcs-origin", ""), "claim_missing", FailureKind::forbidden, true},
        Refused{"NoContext", with("context-ids", "[]"), "claim_mismatch", FailureKind::forbidden,
                true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ExchangeTest, AnIssuerWithoutKeysIsARefusalThatMayPass) {
  add_default();
  remote.answer([](const http::Fetch&) { return json_answer("{}", 500); });
  const auto refused = exchange(signed_token(job_claims()));
  EXPECT_EQ(code_of(refused), "issuer_unavailable");
  EXPECT_EQ(refused.error().kind(), FailureKind::unavailable);
  EXPECT_EQ(attempts().front().outcome, "issuer_unavailable");
}

TEST_F(ExchangeTest, AReplayIsRecorded) {
  add_default();
  const std::string token = signed_token(job_claims());
  ASSERT_EQ(outcome(token), "granted");
  clock.advance(Milliseconds(1));
  EXPECT_EQ(outcome(token), "replayed");
  EXPECT_EQ(attempts().front().outcome, "replayed");
  EXPECT_EQ(audit::list(*database, {}).value().entries.front().record.outcome, "replayed");
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"replayed\"} 1"));
}

TEST_F(ExchangeTest, ARefusalForAPackageThatIsNotThereIsAuditedAlone) {
  EXPECT_EQ(outcome(signed_token(job_claims()), "@acme/absent"), "no_matching_publisher");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_attempt"), 0);
  EXPECT_EQ(text("SELECT subject FROM audit_records"), "package:@acme/absent");
}

// Disclosure.

TEST_F(ExchangeTest, StrangersCannotTellPackagesApart) {
  add_default();
  add_package("@acme/untrusting");
  const std::vector<std::function<std::string()>> tokens = {
      [] { return std::string(); },
      [] { return std::string("abc"); },
      [] { return token_with("iss", json_string("https://evil.example")); },
      // Signed by nobody: whoever knows an organisation's id can write these.
      [] { return signed_token(job_claims(), jose::test::foreign_rsa_key()); },
      [] { return signed_token(job_claims(), jose::test::rsa_key(), "made-up"); },
      [] {
        return signed_token(changed(job_claims(), "iss", json_string(kBase)),
                            jose::test::foreign_rsa_key());
      },
      // Signed, but somebody else's job.
      [] {
        json::object claims = changed(job_claims(), "iss", json_string(kBase));
        claims[claim("org-id")] = kOther;
        return signed_token(claims);
      },
      [] {
        json::object claims = changed(job_claims(), "iss", json_string(kBase));
        claims[claim("org-id")] = kOther;
        claims[claim("ssh-rerun")] = true;
        return signed_token(claims);
      },
      [] {
        json::object claims = changed(job_claims(), "iss", json_string(kBase));
        claims[claim("org-id")] = kOther;
        claims["exp"] = kIssuedAt + 1;
        return signed_token(claims);
      },
      [] { return token_with(claim("project-id"), json_string(kOther)); },
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    SCOPED_TRACE(i);
    const auto trusting = exchange(tokens[i]());
    const auto untrusting = exchange(tokens[i](), "@acme/untrusting");
    const auto absent = exchange(tokens[i](), "@acme/absent---");
    ASSERT_FALSE(trusting || untrusting || absent);
    EXPECT_EQ(trusting.error().code(), absent.error().code());
    EXPECT_EQ(untrusting.error().code(), absent.error().code());
    const auto anonymized = [](const Failure& failure, std::string_view name) {
      std::string message = failure.message;
      for (std::size_t at; (at = message.find(name)) != std::string::npos;)
        message.replace(at, name.size(), "P");
      return message;
    };
    EXPECT_EQ(anonymized(trusting.error(), "@acme/widget"),
              anonymized(absent.error(), "@acme/absent---"));
  }
}

TEST_F(ExchangeTest, NoKeysAreFetchedForAnOrganizationThatNobodyTrusts) {
  add_default();
  EXPECT_EQ(outcome(token_with("iss", json_string(organization_issuer(kOther)))),
            "no_matching_publisher");
  EXPECT_EQ(remote.fetches(), 0);
}

TEST_F(ExchangeTest, OnlyTheOwnProjectIsToldWhatWasExpected) {
  add(package.id, publisher_claims({kContextA}));
  const auto told = exchange(token_with(claim("vcs-origin"), "\"github.com/acme/other\""));
  EXPECT_TRUE(told.error().message.contains("github.com/acme/other"));
  EXPECT_TRUE(told.error().message.contains(kOrigin));
  json::object stranger = job_claims();
  stranger[claim("project-id")] = kOther;
  stranger[claim("vcs-origin")] = "github.com/acme/other";
  const auto not_told = exchange(signed_token(stranger));
  for (const std::string& secret : {kOrigin, kProject, kDefinition, kContextA}) {
    EXPECT_FALSE(not_told.error().message.contains(secret));
  }
}

TEST_F(ExchangeTest, OfSeveralPublishersTheNearestMissIsExplained) {
  add(package.id,
      changed(publisher_claims(), claim("pipeline-definition-id"), json_string(kOther)));
  add(package.id, changed(publisher_claims(), claim("vcs-origin"), "\"github.com/acme/else\""));
  const auto refused = exchange(signed_token(job_claims()));
  EXPECT_EQ(code_of(refused), "claim_mismatch");
  EXPECT_TRUE(refused.error().message.contains(claim("vcs-origin"))) << refused.error().message;
}

TEST_F(ExchangeTest, MaintainersSeeEveryClaimCompared) {
  const TrustedPublisher publisher = add_default();
  (void)exchange(token_with(claim("vcs-origin"), "\"github.com/acme/other\""));
  const json::array comparison = attempts().front().comparison;
  ASSERT_EQ(comparison.size(), 1u);
  EXPECT_EQ(comparison.at(0).at("publisher"), json::value(publisher.id));
  EXPECT_EQ(comparison.at(0).at("claims").as_array().size(), 4u);
}

// Strangers with time on their hands.

TEST_F(ExchangeTest, AFloodOfRefusalsIsCountedInFullAndRecordedInPart) {
  add_default();
  for (int i = 0; i < 250; ++i) EXPECT_EQ(outcome("abc"), "malformed");
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"malformed\"} 250"));
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records"), 100);
  // Another address, and the project's own pipeline behind the same address, are recorded.
  EXPECT_EQ(outcome("abc", "@acme/widget", "198.51.100.7"), "malformed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records"), 101);
  EXPECT_EQ(outcome(token_with(claim("vcs-origin"), "\"github.com/a/b\"")), "claim_mismatch");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'claim_mismatch'"), 1);
  clock.advance(std::chrono::minutes(15));
  EXPECT_EQ(outcome("abc"), "malformed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records"), 103);
}

/// What the log says of refused exchanges, each once: single records, and those that stand for
/// many.
std::map<std::string, std::int64_t> recorded_refusals(db::Database& database) {
  std::map<std::string, std::int64_t> counts;
  const auto page = audit::list(database, {.action_prefix = "trust.exchange", .limit = 1000});
  for (const audit::Entry& entry : page->entries) {
    const audit::Record& record = entry.record;
    if (record.outcome == "granted") continue;
    if (record.outcome != "suppressed") {
      ++counts[record.outcome];
      continue;
    }
    std::int64_t sum = 0;
    for (const auto& code : record.detail.at("codes").as_object()) {
      counts[code.key()] += code.value().as_int64();
      sum += code.value().as_int64();
    }
    EXPECT_EQ(record.detail.at("count"), json::value(sum));
  }
  return counts;
}

TEST_F(ExchangeTest, OfANetworkIsOneLineForWhatAFloodLeavesOut) {
  for (int host = 0; host < 400; ++host) {
    EXPECT_EQ(outcome("abc", "@acme/absent", fmt::format("2001:db8:1:2::{:x}", host)), "malformed");
  }
  ASSERT_TRUE(exchanger->record_suppressed(audit::Suppressed::Which::all));
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed' AND "
                  "remote_address = '2001:db8:1:2::/64'"),
            1);
}

TEST_F(ExchangeTest, WhatAFloodLeavesOutIsCountedInTheLogWhenItsWindowIsOver) {
  using Which = audit::Suppressed::Which;
  add_default();
  for (int i = 0; i < 250; ++i) EXPECT_EQ(outcome("abc"), "malformed");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(outcome(""), "missing_token");
  for (int i = 0; i < 120; ++i) {
    EXPECT_EQ(outcome(token_with(claim("vcs-origin"), "\"github.com/a/b\"")), "claim_mismatch");
  }
  for (int i = 0; i < 110; ++i)
    EXPECT_EQ(outcome("abc", "@acme/absent", "2001:db8::1"), "malformed");
  ASSERT_TRUE(exchanger->record_suppressed(Which::of_past_windows));
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed'"), 0);
  clock.advance(std::chrono::minutes(15));
  ASSERT_TRUE(exchanger->record_suppressed(Which::of_past_windows));
  // One for strangers and one for the project's own pipeline, behind one address; one for the
  // other.
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed'"), 3);
  EXPECT_EQ(recorded_refusals(*database),
            (std::map<std::string, std::int64_t>{
                {"malformed", 360}, {"missing_token", 30}, {"claim_mismatch", 120}}));
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"malformed\"} 360"));
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"missing_token\"} 30"));
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"claim_mismatch\"} 120"));
  // Maintainers see it, each kind where its like are.
  std::vector<std::string> told;
  for (const Attempt& attempt : attempts()) {
    if (attempt.outcome == "suppressed") told.push_back(attempt.message.substr(0, 25));
  }
  std::ranges::sort(told);
  EXPECT_EQ(told,
            (std::vector<std::string>{"180 more were refused bet", "20 more were refused betw"}));
  // Each is told once.
  clock.advance(std::chrono::minutes(15));
  ASSERT_TRUE(exchanger->record_suppressed(Which::all));
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'suppressed'"), 3);
  EXPECT_TRUE(audit::verify(*database).value().intact());
}

TEST_F(ExchangeTest, AtItsEndAProcessWritesDownWhatItOnlyCounted) {
  for (int i = 0; i < 101; ++i) EXPECT_EQ(outcome("abc"), "malformed");
  ASSERT_TRUE(exchanger->record_suppressed(audit::Suppressed::Which::all));
  EXPECT_EQ(recorded_refusals(*database),
            (std::map<std::string, std::int64_t>{{"malformed", 101}}));
}

TEST_F(ExchangeTest, CountsOfRefusalsOutliveAStoreThatFails) {
  for (int i = 0; i < 101; ++i) EXPECT_EQ(outcome("abc"), "malformed");
  const auto run = [&](const char* sql) {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run(sql);
      return {};
    }));
  };
  run("CREATE TRIGGER broken BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'full'); "
      "END");
  EXPECT_FALSE(exchanger->record_suppressed(audit::Suppressed::Which::all));
  run("DROP TRIGGER broken");
  ASSERT_TRUE(exchanger->record_suppressed(audit::Suppressed::Which::all));
  EXPECT_EQ(recorded_refusals(*database),
            (std::map<std::string, std::int64_t>{{"malformed", 101}}));
}

TEST_F(ExchangeTest, AFloodOfRefusalsDoesNotStopWhatIsGranted) {
  add_default();
  for (int i = 0; i < 120; ++i) (void)outcome("abc");
  EXPECT_EQ(outcome(signed_token(job_claims())), "granted");
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'granted'"), 1);
}

TEST_F(ExchangeTest, GenuineTokensOfStrangersDoNotPushOutAPackagesOwnAttempts) {
  add_default();
  EXPECT_EQ(outcome(signed_token(job_claims())), "granted");
  json::object stranger = changed(job_claims(), "iss", json_string(kBase));
  stranger[claim("org-id")] = kOther;
  const std::string token = signed_token(stranger);
  for (int i = 0; i < 150; ++i) {
    clock.advance(Milliseconds(1));
    (void)outcome(token, "@acme/widget", "198.51.100." + std::to_string(i));
  }
  EXPECT_EQ(attempts().back().outcome, "granted");
  EXPECT_EQ(attempts().size(), static_cast<std::size_t>(kKeptUnproved) + 1);
}

// A slash too many is seen where the address is told.
TEST_F(ExchangeTest, AnIssuerThatIsNotKnownIsNamed) {
  add_default();
  ASSERT_EQ(outcome(token_with("iss", json_string(kBase + "/"))), "unknown_issuer");
  EXPECT_TRUE(attempts().front().message.contains("\"" + kBase + "/\""))
      << attempts().front().message;
}

TEST_F(ExchangeTest, AnEndlessIssuerIsRecordedInShort) {
  add_default();
  // An odd number of bytes before, so that a cut at a round number would halve a character.
  std::string iss = "https://x";
  while (iss.size() < 9000) iss += "ü";
  EXPECT_EQ(outcome(token_with("iss", json_string(iss))), "unknown_issuer");
  ASSERT_EQ(attempts().size(), 1u);
  EXPECT_LE(attempts().front().issuer.size(), 512u);
  EXPECT_LE(text("SELECT detail FROM audit_records").size(), 4096u);
}

}  // namespace
}  // namespace imp::trust::test
