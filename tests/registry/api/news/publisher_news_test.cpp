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

}  // namespace
}  // namespace imp::registry::test
