#include "registry/api/news/publisher_news.h"

#include "mail/outbox.h"
#include "registry/api/news/hook_fixture.h"
#include "registry/api/trust/pending_publishers.h"

namespace imp::registry::test {
namespace {

using Lines = std::vector<std::string>;

class PublisherNewsTest : public HookTest {
 protected:
  /// As `npm owner` sends it.
  void set_owners(const std::string& package, const User& by, const Lines& names) {
    const std::string rev = get("/" + package + "?write=true").text("_rev");
    json::array list;
    for (const std::string& name : names) list.push_back({{"name", name}, {"email", "x@x"}});
    const Answer put =
        send(Method::put, "/" + package + "/-rev/" + rev, by.token, otp(by),
             json::serialize(json::object{{"_id", package}, {"_rev", rev}, {"maintainers", list}}));
    EXPECT_EQ(put.status, 201) << put.body;
  }
  void add_hook(const std::string& path, const User& user) {
    ASSERT_EQ(send(Method::post, path, user.token, otp(user), kHook).status, 201);
  }
};

// Whoever gave the package away hears nothing of it any more.
TEST_F(PublisherNewsTest, AnEndByATransferIsToldToTheNewMaintainers) {
  ASSERT_EQ(publish(alice.token, "own", "1.0.0", otp(alice)).status, 201);
  set_owners("own", alice, {"alice", "bob"});
  const std::string id = add_publisher("/-/package/own/trust", alice);
  add_hook("/-/package/own/hooks", alice);
  add_hook("/-/package/own/hooks", bob);
  set_owners("own", alice, {"bob"});
  EXPECT_EQ(told(), Lines{"publisher.ended in own because transferred"});
  EXPECT_EQ(last_data_.at("publisher").at("id"), json::value(id));
  EXPECT_EQ(last_data_.at("by"), json::value("user:alice"));
  EXPECT_EQ(audited("hook.pause"), Lines{"hook.pause granted"});
}

TEST_F(PublisherNewsTest, AnEndWithItsMakersPlaceIsToldToTheOrganisation) {
  set_member(acme, bob, accounts::Role::admin);
  add_hook("/-/org/acme/hooks", alice);
  add_hook("/-/org/acme/hooks", bob);
  const std::string id = add_publisher("/-/org/acme/trust", bob);
  EXPECT_EQ(told(), Lines(2, "publisher.added of @acme"));
  set_member(acme, bob, std::nullopt);
  EXPECT_EQ(told(), Lines{"publisher.ended of @acme because maker_left"});
  EXPECT_EQ(last_data_.at("publisher").at("id"), json::value(id));
  EXPECT_EQ(audited("hook.pause", acme.id), Lines{"hook.pause granted"});
}

// What others had prepared for the name is no business of whoever has it.
TEST_F(PublisherNewsTest, OneThatThePackageTakesOverIsToldToTheOrganisation) {
  add_hook("/-/org/acme/hooks", alice);
  const std::string id = add_publisher("/-/package/@acme%2fnew/trust", alice);
  add_publisher("/-/package/@acme%2fnew/trust", bob);
  EXPECT_EQ(told(), Lines());
  ASSERT_EQ(publish(alice.token, "@acme/new", "1.0.0", otp(alice)).status, 201);
  EXPECT_EQ(told(),
            (Lines{"publisher.adopted in @acme/new", "version.published in @acme/new 1.0.0"}));
  EXPECT_EQ(audited("trust.publisher_", acme.id),
            (Lines{"trust.publisher_adopt granted", "trust.publisher_end granted"}));
  const json::object detail = audit_detail("trust.publisher_adopt");
  EXPECT_EQ(detail.at("publisher"), json::value(id));
  EXPECT_EQ(detail.at("claims"), json::value(trust::test::publisher_claims()));
}

TEST_F(PublisherNewsTest, OneThatIsTakenOverIsToldAsThePackagesOwn) {
  add_hook("/-/org/acme/hooks", alice);
  const std::string id = add_publisher("/-/package/@acme%2fnew/trust", alice);
  ASSERT_EQ(publish(publish_token("@acme/new"), "@acme/new", "1.0.0").status, 201);
  json::object told_publisher;
  write([&](db::Session& session) -> Result<void> {
    const auto row = session.row("SELECT body FROM hook_delivery WHERE type = 'publisher.adopted'");
    const json::value data = json::parse(row->text(0)).at("data");
    told_publisher = data.at("publisher").as_object();
    EXPECT_EQ(data.at("by"), json::value("publisher:" + id));
    return {};
  });
  EXPECT_EQ(told_publisher.at("id"), json::value(id));
  EXPECT_FALSE(told_publisher.contains("pending"));
  EXPECT_FALSE(told_publisher.contains("expiresAt"));  // it has published
}

class LearntNews : public PublisherNewsTest {
 protected:
  LearntNews() {
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      mail::set_up(session, "https://npm.example.org", clock_.now());
      return {};
    }));
    add("/-/org/acme/hooks", kHook);
  }
  std::string trust_github(const std::string& path) {
    std::string id = add_publisher(path, alice, trust::test::github_publisher(), "github");
    told();
    letters();
    return id;
  }
  /// Of "trust.publisher_learnt", to whom, sorted; and nothing waits afterwards.
  Lines letters() {
    Lines people;
    EXPECT_TRUE(write([&](db::Session& session) -> Result<void> {
      for (const mail::Letter& letter : mail::letters(session, std::nullopt, 100)) {
        if (letter.kind != kPublisherLearnt.action) continue;
        people.push_back(letter.recipient.substr(0, letter.recipient.find('@')));
        body_ = letter.body;
      }
      session.run("DELETE FROM mail");
      return {};
    }));
    std::ranges::sort(people);
    return people;
  }
  std::string outcome(const std::string& token, std::string_view name = "@acme/lib") {
    return exchange(token, name).outcome();
  }

  const json::object learnt_{{"repository_owner_id", "77"}, {"repository_id", "1001"}};
  std::string body_;
};

TEST_F(LearntNews, IsToldOnceByMailAndToWebhooks) {
  set_member(acme, bob, accounts::Role::admin);
  const std::string id = trust_github("/-/package/@acme%2flib/trust");
  // What is refused teaches nothing, and a rehearsal does not either.
  EXPECT_EQ(outcome(github_token("runner_environment", "\"self-hosted\"")),
            "403 self_hosted_runner");
  EXPECT_FALSE(exchange_->rehearse({"@acme/lib", github_token(), "192.0.2.1", "r"}).refusal);
  EXPECT_EQ(told(), Lines());
  EXPECT_EQ(letters(), Lines());
  ASSERT_EQ(outcome(github_token()), "201 ok");
  EXPECT_EQ(told(), Lines{"publisher.learnt"});
  EXPECT_EQ(last_data_.at("learnt"), json::value(learnt_));
  EXPECT_EQ(last_data_.at("publisher").at("learnt"), json::value(learnt_));
  EXPECT_EQ(last_data_.at("by"), json::value("publisher:" + id));
  EXPECT_EQ(letters(), (Lines{"alice", "bob"}));
  EXPECT_TRUE(body_.contains("repository_id: 1001")) << body_;
  EXPECT_TRUE(body_.contains("192.0.2.1")) << body_;
  EXPECT_EQ(audited("trust.publisher_", acme.id), Lines{"trust.publisher_learnt granted"});
  EXPECT_EQ(audit_detail("trust.publisher_learnt").at("learnt"), json::value(learnt_));
  EXPECT_EQ(audit_detail("trust.exchange").at("learnt"), json::value(learnt_));
  // Once.
  ASSERT_EQ(outcome(github_token()), "201 ok");
  EXPECT_EQ(outcome(github_token("repository_id", "\"1002\"")), "403 resurrected_project");
  EXPECT_EQ(told(), Lines());
  EXPECT_EQ(letters(), Lines());
  EXPECT_EQ(audited("trust.publisher_").size(), 1u);
}

TEST_F(LearntNews, OfAScopesPublisherIsToldToItsAdmins) {
  trust_github("/-/org/acme/trust");
  ASSERT_EQ(outcome(github_token()), "201 ok");
  EXPECT_EQ(told(), Lines{"publisher.learnt of @acme"});
  EXPECT_EQ(letters(), Lines{"alice"});
  EXPECT_EQ(audit_detail("trust.publisher_learnt").at("exchange"),
            json::value("package:@acme/lib"));
}

TEST_F(LearntNews, OfWhatSomebodyPreparedIsTheirs) {
  trust_github("/-/package/mine/trust");
  ASSERT_EQ(outcome(github_token(), "mine"), "201 ok");
  EXPECT_EQ(told(), Lines());
  EXPECT_EQ(letters(), Lines{"alice"});
}

// What cannot be told is not done: no token, nothing learnt, and the job may try again.
TEST_F(LearntNews, ThatCannotBeWrittenLetsNothingBeLearnt) {
  for (const char* table : {"hook_delivery", "mail", "audit_records"}) {
    SCOPED_TRACE(table);
    const std::string id = trust_github("/-/package/@acme%2flib/trust");
    const std::string token = github_token();
    const auto run = [&](const std::string& sql) {
      ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
        session.run(sql);
        return {};
      }));
    };
    run(std::string("CREATE TRIGGER broken BEFORE INSERT ON ") + table +
        (table == std::string_view("audit_records") ? " WHEN NEW.action = 'trust.publisher_learnt'"
                                                    : "") +
        " BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
    EXPECT_EQ(outcome(token), "500 store_broken");
    run("DROP TRIGGER broken");
    EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher WHERE learnt <> '{}'"), 0);
    EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token WHERE revoked_at IS NULL"), 0);
    EXPECT_EQ(told(), Lines());
    EXPECT_EQ(outcome(token), "201 ok");
    EXPECT_EQ(told(), Lines{"publisher.learnt"});
    ASSERT_EQ(
        send(Method::del, "/-/package/@acme%2flib/trust/" + id, alice.token, otp(alice)).status,
        204);
  }
}

}  // namespace
}  // namespace imp::registry::test
