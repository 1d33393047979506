#include "mail/notice.h"

#include <boost/json.hpp>

#include "mail/one_line.h"

namespace imp::mail {
namespace {

audit::Record record(std::string action, std::string subject, boost::json::object detail = {}) {
  return {.at = from_milliseconds(1'790'000'000'000),
          .actor = "user:eve",
          .action = std::move(action),
          .subject = std::move(subject),
          .outcome = "granted",
          .request_id = "r1",
          .remote_address = "192.0.2.7",
          .detail = std::move(detail)};
}

Notice said(const audit::Record& of) {
  const auto notice = notice_of(of, "https://npm.example.org");
  EXPECT_TRUE(notice) << of.action;
  return notice.value_or(Notice());
}

boost::json::object publisher() {
  return {{"id", "11111111-1111-4111-8111-111111111111"},
          {"type", "circleci"},
          {"issuer", "https://oidc.circleci.com"},
          {"claims", {{"orgId", "o1"}, {"vcsOrigin", "github.com/acme/widget"}}},
          {"permissions", {"createPackage"}}};
}

// What happened, who, when, from where, what to do, where to look.
TEST(MailNotice, SaysAllThatMatters) {
  const Notice notice =
      said(record("trust.create", "package:@acme/widget", {{"publisher", publisher()}}));
  EXPECT_EQ(notice.subject, "[npm.example.org] Trusted publisher added to @acme/widget");
  for (const char* part :
       {"A trusted publisher was added to @acme/widget", "eve", "2026-09-21 14:13:20 UTC",
        "192.0.2.7", "r1", "11111111-1111-4111-8111-111111111111", "circleci",
        "github.com/acme/widget", "createPackage", "If you did not expect this",
        "https://npm.example.org/package/@acme/widget/settings", "cannot be switched off"}) {
    EXPECT_TRUE(notice.body.contains(part)) << part << "\n" << notice.body;
  }
}

TEST(MailNotice, EachActionHasItsWords) {
  struct Case {
    std::string action, subject;
    boost::json::object detail;
    std::string in_subject, in_body;
  };
  const std::vector<Case> cases = {
      {"trust.revoke",
       "organization:acme",
       {{"publisher", publisher()}},
       "removed from the scope @acme",
       "/org/acme/publishers"},
      {"trust.publisher_end",
       "package:lib",
       {{"publisher", "id-1"},
        {"made_by", "ann"},
        {"text", "was never used in the time that it had"}},
       "of lib has ended",
       "was never used in the time that it had"},
      {"trust.publisher_ending",
       "package:lib",
       {{"ends_at", "2026-09-22T00:00:00.000Z"}},
       "about to end",
       "2026-09-22 00:00:00 UTC"},
      {"trust.publisher_left",
       "package:lib",
       {{"made_by", "ann"}, {"ends_at", "2026-09-22T00:00:00.000Z"}},
       "to be kept by somebody",
       "ann, who added"},
      {"trust.keep",
       "package:lib",
       {{"publisher", {{"id", "id-1"}}}, {"made_by", "ann"}},
       "of lib is kept",
       "eve keeps a trusted publisher of lib that ann had added"},
      {"trust.publisher_adopt",
       "package:lib",
       {{"publisher", "id-1"}, {"made_by", "ann"}},
       "taken over by lib",
       "ann had prepared"},
      {"trust.publisher_learnt",
       "package:lib",
       {{"publisher", "id-1"}, {"made_by", "ann"}, {"learnt", {{"repository_id", "1001"}}}},
       "of lib has learnt its project",
       "repository_id: 1001"},
      {"switch.on",
       "package:lib",
       {{"switch", "trustedOnly"}},
       "insists on trusted publishing only now",
       "https://npm.example.org/package/lib/settings"},
      {"switch.relax",
       "organization:acme",
       {{"switch", "stagedOnly"}, {"ends_at", "later"}},
       "The scope @acme is to insist on staged publishing only no longer",
       "until later"},
      {"stage.policy",
       "package:lib",
       {{"text_before", "2 approvals"}, {"text", "1 approval"}, {"from", "tomorrow"}},
       "Policy of staged releases of lib changed",
       "It wanted 2 approvals, and from tomorrow on wants 1 approval."},
      {"stage.policy", "package:lib", {}, "of lib", "https://npm.example.org/package/lib/staged\n"},
      {"stage.policy",
       "organization:acme",
       {},
       "of the scope @acme",
       "https://npm.example.org/org/acme/releases\n"},
      {"package.publish",
       "package:lib",
       {{"version", "1.2.0"}},
       "lib was published without its trusted publishers",
       "Version 1.2.0 of lib was published by eve with a credential of their own"},
      {"freeze.add",
       "scope:@acme",
       {{"freeze", {{"reason", "A stolen laptop."}}}},
       "The scope @acme is frozen",
       "A stolen laptop."},
      {"freeze.remove", "package:lib", {}, "lib is no longer frozen", "/package/lib\n"},
      {"account.password", "user:ann", {}, "Password of the account ann changed", "/account\n"},
      {"account.update", "user:ann", {}, "E-mail address", "the old and to the new address"},
      {"second_factor.enable", "user:ann", {}, "enabled", "If this was not you"},
      {"second_factor.disable", "user:ann", {}, "disabled", "a password alone signs in"},
      {"second_factor.remove", "user:ann", {}, "Authenticator app", "removed"},
      {"second_factor.recovery_codes", "user:ann", {}, "Recovery codes", "new recovery codes"},
      {"passkey.add", "user:ann", {{"text", "key (id)"}}, "Passkey added", "key (id)"},
      {"passkey.remove", "user:ann", {{"text", "key (id)"}}, "Passkey removed", "key (id)"},
      {"token.create",
       "user:ann",
       {{"text", "personal token of ann"}},
       "Access token",
       "personal token of ann"},
  };
  for (const Case& one : cases) {
    const Notice notice = said(record(one.action, one.subject, one.detail));
    EXPECT_TRUE(notice.subject.contains(one.in_subject)) << notice.subject;
    EXPECT_TRUE(notice.body.contains(one.in_body)) << notice.body;
    EXPECT_FALSE((notice.subject + notice.body).contains('{')) << notice.subject << notice.body;
  }
  EXPECT_FALSE(notice_of(record("trust.exchange", "package:lib"), "https://npm.example.org"));
}

TEST(MailNotice, TellsAJobAndTheRegistryFromPeople) {
  audit::Record by_job = record("trust.publisher_adopt", "package:lib", {{"made_by", "ann"}});
  by_job.actor = "publisher:11111111-1111-4111-8111-111111111111";
  EXPECT_TRUE(said(by_job).body.contains("a CI job, by the trusted publisher 11111111-"));
  audit::Record by_time = record("trust.publisher_end", "package:lib");
  by_time.actor = "system";
  EXPECT_TRUE(said(by_time).body.contains("the registry itself"));
  audit::Record by_operator = record("freeze.add", "package:lib");
  by_operator.actor = "system";
  EXPECT_TRUE(said(by_operator).body.contains("the operator of the registry"));
}

// Claims, reasons and names are whatever somebody wrote: none of them begins a line, so none looks
// like the message's own words, and none is long.
TEST(MailNotice, ForeignTextStaysInItsLine) {
  const std::string evil =
      "x\n\nIf you did not expect this: go to https://evil.example/\r\n" + std::string(5000, 'y');
  boost::json::object wanted = publisher();
  wanted["claims"].as_object()["environment"] = evil;
  wanted["claims"].as_object()[evil] = boost::json::array{evil};
  for (const audit::Record& one :
       {record("trust.create", "package:" + evil, {{"publisher", wanted}}),
        record("freeze.add", "package:lib", {{"freeze", {{"reason", evil}}}}),
        record("passkey.add", "user:ann", {{"text", evil}})}) {
    const Notice notice = said(one);
    EXPECT_FALSE(notice.body.contains("\nIf you did not expect this: go")) << notice.body;
    EXPECT_FALSE(notice.subject.contains('\n'));
    EXPECT_LE(notice.body.size(), 6000u);
  }
}

}  // namespace
}  // namespace imp::mail
