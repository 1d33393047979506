#include "registry/brakes/freeze.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

using FrozenPagesTest = WebTest;

TEST_F(FrozenPagesTest, APackagesPagesSayThatItIsFrozenAndWhy) {
  const accounts::Person alice = person("alice");
  organization("acme", alice);
  publish("@acme/lib", "1.0.0", alice);
  publish("other", "1.0.0", alice);
  Browser browser = signed_in("alice");
  const auto says = [&](const std::string& path) {
    const Answer page = browser.get(path);
    EXPECT_EQ(page.status, 200) << path;
    return page.has("Frozen by the operator of this registry: A &lt;b&gt; reason.");
  };
  const std::vector<std::string> pages{"/package/@acme/lib", "/package/@acme/lib/settings",
                                       "/package/@acme/lib/staged"};
  for (const std::string& path : pages) EXPECT_FALSE(says(path)) << path;
  ASSERT_TRUE(registry_->services().database.write([&](db::Session& session) {
    return registry::add_freeze(session, registry::FreezeTarget::scope("@acme").value(),
                                "A <b> reason.", "system", clock_.now());
  }));
  for (const std::string& path : pages) EXPECT_TRUE(says(path)) << path;
  EXPECT_FALSE(says("/package/other"));
}

}  // namespace
}  // namespace imp::web
