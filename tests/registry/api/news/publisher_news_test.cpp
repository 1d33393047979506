#include "registry/api/news/publisher_news.h"

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

}  // namespace
}  // namespace imp::registry::test
