#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "publish_fixture.h"
#include "registry/publish/deprecation.h"
#include "registry/publish/ownership.h"
#include "registry/publish/revision_put.h"
#include "registry/publish/tag_change.h"
#include "registry/publish/unpublish.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

struct Everybody final : PersonLookup {
  std::optional<Person> find(db::Session&, std::string_view name) const override {
    if (name == "nobody") return std::nullopt;
    return Person{std::string(name), std::string(name) + "@accounts"};
  }
};

class ChangesTest : public PublishTest {
 protected:
  void SetUp() override {
    PublishTest::SetUp();
    for (const char* version : {"1.0.0", "1.1.0", "2.0.0-rc.1"}) {
      now += Milliseconds(1000);
      ASSERT_TRUE(publish_now(candidate("pkg", version), by("ann")));
    }
    const std::string id = package().id;
    write([&](db::Session& s) {
      write_dist_tag(s, id, "next", "2.0.0-rc.1");
      write_dist_tag(s, id, "latest", "1.1.0");
    });
    now += Milliseconds(1000);
  }
  Package package() {
    return read<Package>([](db::Session& s) { return *find_package(s, "pkg"); });
  }
  std::string rev() { return couch_rev(package()); }
  json::object document() {
    return json::parse(full_packument(snapshot("pkg"), "http://elsewhere")).as_object();
  }
  template <class Body>
  Result<Changed> change(Body body) {
    return database->write([&](db::Session& session) { return body(session); });
  }
  Result<Changed> deprecate_now(const json::object& it, const Caller& caller) {
    const auto plan = database->read([&](db::Session& s) -> Result<DeprecationPlan> {
      return plan_deprecation(s, named("pkg"), it, caller);
    });
    if (!plan) return pass_on(plan);
    return change([&](db::Session& s) { return deprecate(s, named("pkg"), *plan, caller, now); });
  }
  Result<Changed> put(const std::string& rev, const json::object& it, const Caller& caller) {
    return change([&](db::Session& s) {
      return put_revision(s, named("pkg"), rev, it, people, caller, now);
    });
  }
  Everybody people;
  Caller machine{"", {}, "pkg"};
};

TEST_F(ChangesTest, DistTags) {
  const auto tag = [&](const char* name, const char* version, const Caller& caller) {
    return change(
        [&](db::Session& s) { return tag_version(s, named("pkg"), name, version, caller, now); });
  };
  const auto remove = [&](const char* name, const Caller& caller) {
    return change([&](db::Session& s) { return untag(s, named("pkg"), name, caller, now); });
  };
  const std::int64_t before = package().revision;
  EXPECT_TRUE(tag("beta", "1.0.0", ann)->changed);
  EXPECT_EQ(package().revision, before + 1);
  EXPECT_FALSE(tag("beta", "1.0.0", ann)->changed);  // the client's retry
  EXPECT_EQ(package().revision, before + 1);
  EXPECT_EQ(code(tag("beta", "1.1.0", machine)), "ok");
  EXPECT_EQ(code(tag("beta", "9.9.9", ann)), "version_not_found");
  EXPECT_EQ(code(tag("1.x", "1.0.0", ann)), "invalid_dist_tag");
  EXPECT_EQ(code(tag("beta", "1.0.0", eve)), "package_not_permitted");
  EXPECT_EQ(code(tag("beta", "1.0.0", {})), "not_signed_in");
  EXPECT_EQ(code(tag("beta", "1.0.0", {"", {}, "other"})), "package_not_permitted");
  EXPECT_TRUE(remove("beta", ann)->changed);
  EXPECT_FALSE(remove("beta", ann)->changed);
  EXPECT_EQ(code(remove("latest", ann)), "latest_required");
  EXPECT_EQ(code(remove("next", eve)), "package_not_permitted");
  EXPECT_EQ(snapshot("pkg").dist_tags.at("next"), "2.0.0-rc.1");
}

TEST_F(ChangesTest, Deprecate) {
  json::object it = document();
  it.at("versions").at("1.0.0").as_object()["deprecated"] = "use 1.1";
  const auto first = deprecate_now(it, ann);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->changed);
  EXPECT_EQ(snapshot("pkg").find("1.0.0")->deprecated, "use 1.1");
  EXPECT_EQ(snapshot("pkg").find("1.0.0")->sha512, "blob of pkg@1.0.0");
  // The client's retry has an old revision and asks for what is so.
  EXPECT_FALSE(deprecate_now(it, ann)->changed);
  // An old revision that asks for something else does not win.
  it.at("versions").at("1.1.0").as_object()["deprecated"] = "too";
  EXPECT_EQ(code(deprecate_now(it, ann)), "stale_revision");
  // An empty message takes it back.
  it = document();
  it.at("versions").at("1.0.0").as_object()["deprecated"] = "";
  EXPECT_TRUE(deprecate_now(it, ann)->changed);
  EXPECT_FALSE(snapshot("pkg").find("1.0.0")->deprecated);
}

TEST_F(ChangesTest, ADeprecationThatWasComparedWithAnOlderPackageIsStale) {
  json::object it = document();
  it.at("versions").at("1.0.0").as_object()["deprecated"] = "use 1.1";
  const auto plan = database->read([&](db::Session& s) -> Result<DeprecationPlan> {
    return plan_deprecation(s, named("pkg"), it, ann);
  });
  ASSERT_TRUE(plan);
  ASSERT_TRUE(change(
      [&](db::Session& s) { return tag_version(s, named("pkg"), "old", "1.0.0", ann, now); }));
  EXPECT_EQ(
      code(change([&](db::Session& s) { return deprecate(s, named("pkg"), *plan, ann, now); })),
      "stale_revision");
  EXPECT_FALSE(snapshot("pkg").find("1.0.0")->deprecated);
}

TEST_F(ChangesTest, DeprecateIsOnlyForPersonsWhoMayWrite) {
  json::object it = document();
  it.at("versions").at("1.0.0").as_object()["deprecated"] = "x";
  EXPECT_EQ(code(deprecate_now(it, eve)), "package_not_permitted");
  EXPECT_EQ(code(deprecate_now(it, {})), "not_signed_in");
  EXPECT_EQ(code(deprecate_now(it, machine)), "package_not_permitted");
}

TEST_F(ChangesTest, DeprecateSmugglesNothing) {
  const auto with = [&](auto&& edit) {
    json::object it = document();
    it.at("versions").at("1.0.0").as_object()["deprecated"] = "x";
    edit(it);
    return code(deprecate_now(it, ann));
  };
  const auto manifest = [](json::object& it) -> json::object& {
    return it.at("versions").at("1.1.0").as_object();
  };
  EXPECT_EQ(with([&](json::object& it) { it.at("versions").as_object()["3.0.0"] = manifest(it); }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) { manifest(it)["dependencies"] = {{"evil", "1"}}; }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) {
              manifest(it).at("dist").as_object()["integrity"] = "sha512-evil";
            }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) { manifest(it)["_npmUser"] = {{"name", "eve"}}; }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) { manifest(it).erase("description"); }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) { manifest(it)["deprecated"] = 5; }), "bad_field");
  EXPECT_EQ(with([&](json::object& it) { manifest(it)["deprecated"] = std::string(5000, 'x'); }),
            "bad_field");
  EXPECT_EQ(with([&](json::object& it) { it["dist-tags"] = {{"latest", "1.0.0"}}; }),
            "unexpected_change");
  EXPECT_EQ(with([&](json::object& it) { it["name"] = "other"; }), "name_mismatch");
  EXPECT_EQ(with([&](json::object& it) { it.erase("versions"); }), "missing_field");
  EXPECT_EQ(with([&](json::object& it) { it.erase("_rev"); }), "stale_revision");
  EXPECT_FALSE(snapshot("pkg").find("1.0.0")->deprecated);
}

TEST_F(ChangesTest, UnpublishOneVersion) {
  json::object it = document();
  it.at("versions").as_object().erase("1.1.0");
  const std::string before = rev();
  const auto done = put(before, it, ann);
  ASSERT_TRUE(done) << done.error().message;
  const PackageSnapshot after = snapshot("pkg");
  EXPECT_EQ(after.find("1.1.0"), nullptr);
  EXPECT_EQ(after.dist_tags.at("latest"), "1.0.0");  // a stable one rather than the prerelease
  EXPECT_EQ(after.dist_tags.at("next"), "2.0.0-rc.1");
  EXPECT_FALSE(put(before, it, ann)->changed);  // the client's retry
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.1.0"), by("ann"))), "version_unpublished");
  const auto confirm = [&](const char* file) {
    return code(
        change([&](db::Session& s) { return confirm_tarball_gone(s, named("pkg"), file, ann); }));
  };
  EXPECT_EQ(confirm("pkg-1.1.0.tgz"), "ok");
  EXPECT_EQ(confirm("pkg-1.1.0.tgz"), "ok");
  EXPECT_EQ(confirm("pkg-1.0.0.tgz"), "unexpected_change");  // still published
  EXPECT_EQ(confirm("pkg-7.0.0.tgz"), "version_not_found");
  EXPECT_EQ(confirm("../pkg-1.1.0.tgz"), "version_not_found");
}

TEST_F(ChangesTest, UnpublishGuards) {
  json::object it = document();
  it.at("versions").as_object().erase("1.0.0");
  EXPECT_EQ(code(put("1-" + std::string(32, '0'), it, ann)), "stale_revision");
  EXPECT_EQ(code(put(rev(), it, eve)), "package_not_permitted");
  EXPECT_EQ(code(put(rev(), it, machine)), "package_not_permitted");
  json::object more = document();
  more.at("versions").as_object()["3.0.0"] = json::object{};
  EXPECT_EQ(code(put(rev(), more, ann)), "unexpected_change");
  EXPECT_EQ(code(put(rev(), {{"_id", "pkg"}}, ann)), "unexpected_change");
  EXPECT_EQ(code(put(rev(), {{"_id", "other"}, {"maintainers", json::array{}}}, ann)),
            "name_mismatch");
  EXPECT_EQ(snapshot("pkg").versions.size(), 3u);
  EXPECT_TRUE(snapshot("pkg").find("1.0.0"));
}

TEST_F(ChangesTest, UnpublishEverything) {
  const auto all = [&](const std::string& revision, const Caller& caller) {
    return change(
        [&](db::Session& s) { return unpublish_all(s, named("pkg"), revision, caller, now); });
  };
  EXPECT_EQ(code(all("1-x", ann)), "stale_revision");
  EXPECT_EQ(code(all(rev(), eve)), "package_not_permitted");
  EXPECT_EQ(code(all(rev(), machine)), "package_not_permitted");
  ASSERT_TRUE(all(rev(), ann)->changed);
  EXPECT_FALSE(all("1-x", ann)->changed);  // the client's retry
  const PackageSnapshot gone = snapshot("pkg");
  EXPECT_FALSE(gone.has_published());
  EXPECT_EQ(gone.package.unpublished_at, now);
  EXPECT_TRUE(gone.dist_tags.empty());

  const auto closed = publish_now(candidate("pkg", "3.0.0"), by("ann"));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().message, "pkg cannot be republished until 24 hours have passed.");
  now += kRepublishDelay - Milliseconds(1);
  EXPECT_FALSE(publish_now(candidate("pkg", "3.0.0"), by("ann")));
  now += Milliseconds(1);
  EXPECT_EQ(code(publish_now(candidate("pkg", "1.0.0"), by("ann"))), "version_unpublished");
  // The name stays its owner's.
  EXPECT_EQ(code(publish_now(candidate("pkg", "3.0.0"), by("eve"))), "publish_not_permitted");
  EXPECT_EQ(code(publish_now(candidate("pkg", "3.0.0"), by("ann"))), "ok");
  EXPECT_FALSE(snapshot("pkg").package.unpublished_at);
  EXPECT_EQ(snapshot("pkg").dist_tags.at("latest"), "3.0.0");
}

TEST_F(ChangesTest, UnpublishingTheLastVersionClosesThePackage) {
  const auto done = change([&](db::Session& s) {
    return unpublish_versions(s, named("pkg"), {"1.0.0", "1.1.0", "2.0.0-rc.1", "8.0.0"}, ann, now);
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(snapshot("pkg").package.unpublished_at, now);
}

TEST_F(ChangesTest, UnpublishLeavesAPrereleaseAsLatestWhenNothingElseRemains) {
  ASSERT_TRUE(change([&](db::Session& s) {
    return unpublish_versions(s, named("pkg"), {"1.0.0", "1.1.0"}, ann, now);
  }));
  EXPECT_EQ(snapshot("pkg").dist_tags.at("latest"), "2.0.0-rc.1");
}

TEST_F(ChangesTest, Owners) {
  const auto owners = [&](json::array list) {
    return json::object{{"_id", "pkg"}, {"_rev", rev()}, {"maintainers", std::move(list)}};
  };
  const json::object ann_owner{{"name", "ann"}, {"email", "a"}};
  const json::object bob{{"name", "bob"}, {"email", "forged@example.org"}};
  const std::string before = rev();
  const json::object add = owners({ann_owner, bob});
  ASSERT_TRUE(put(before, add, ann)->changed);
  EXPECT_EQ(snapshot("pkg").maintainers[1].email,
            "bob@accounts");                     // the account's, not the client's
  EXPECT_FALSE(put(before, add, ann)->changed);  // the client's retry
  // Two people change the owners from one revision: the second is told.
  json::object stale = owners({ann_owner});
  stale["_rev"] = before;
  EXPECT_EQ(code(put(before, stale, ann)), "stale_revision");
  EXPECT_EQ(code(put(rev(), stale, ann)), "stale_revision");
  EXPECT_EQ(code(put(rev(), owners({}), ann)), "last_owner");
  EXPECT_EQ(code(put(rev(), owners({json::object{{"name", "nobody"}}}), ann)), "bad_field");
  EXPECT_EQ(code(put(rev(), owners({"ann"}), ann)), "bad_field");
  EXPECT_EQ(code(put(rev(), owners({bob}), eve)), "package_not_permitted");
  EXPECT_EQ(code(put(rev(), owners({bob}), machine)), "package_not_permitted");
  ASSERT_TRUE(put(rev(), owners({bob, bob}), ann)->changed);
  EXPECT_EQ(snapshot("pkg").maintainers.size(), 1u);
  EXPECT_EQ(code(put(rev(), owners({ann_owner}), ann)), "package_not_permitted");  // not hers now
}

TEST_F(ChangesTest, Visibility) {
  PublishOrder order = by("ann");
  order.scope_owner = "org";
  order.caller.organizations = {{"org", false}};
  ASSERT_TRUE(publish_now(candidate("@acme/pkg", "1.0.0"), order));
  const auto set = [&](const char* name, Access access, const Caller& caller) {
    return change(
        [&](db::Session& s) { return change_access(s, named(name), access, caller, now); });
  };
  EXPECT_TRUE(set("@acme/pkg", Access::restricted, ann)->changed);
  EXPECT_FALSE(set("@acme/pkg", Access::restricted, ann)->changed);
  EXPECT_EQ(code(set("@acme/pkg", Access::open, {"bob", {{"org", false}}, {}})),
            "package_not_permitted");
  EXPECT_EQ(code(set("@acme/pkg", Access::open, eve)), "package_not_found");  // hidden now
  EXPECT_EQ(code(set("@acme/pkg", Access::open, {"cat", {{"org", true}}, {}})), "ok");
  EXPECT_EQ(code(set("@acme/pkg", Access::restricted, {"", {}, "@acme/pkg"})),
            "package_not_permitted");
  EXPECT_EQ(code(set("pkg", Access::restricted, ann)), "restricted_unscoped");
  EXPECT_EQ(code(set("absent", Access::open, ann)), "package_not_found");
}

}  // namespace
}  // namespace imp::registry
