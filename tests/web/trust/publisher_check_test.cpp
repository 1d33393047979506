#include "registry/trust/issuer_table.h"
#include "web/fixture.h"

namespace imp::web {
namespace {

const std::string kCheck = "/package/@alice/lib/settings/publishers/check";
const std::string kElsewhere = "0a1b2c3d-1111-4111-8111-111111111111";

class PublisherCheckTest : public WebTest {
 protected:
  PublisherCheckTest() {
    alice = person("alice");
    acme = organization("acme", alice);
    widgets = project(acme, "widgets");
    definition = ci_->services().definitions.list(widgets.id)->front().id;
    publish("@alice/lib", "1.0.0", alice);
  }
  /// "field: text" of each note, problems with a mark.
  std::vector<std::string> notes(const Fields& typed, const std::string& type = "circleci") {
    std::string target = kCheck + "?type=" + type;
    for (const auto& [field, value] : typed) target += "&" + field + "=" + percent_encode(value);
    const Answer answer = signed_in("alice").get(target);
    EXPECT_EQ(answer.status, 200) << target;
    std::vector<std::string> found;
    constexpr std::string_view mark = "<li data-field=\"";
    for (std::size_t at = answer.body.find(mark); at != std::string::npos;
         at = answer.body.find(mark, at + 1)) {
      const std::string rest = answer.body.substr(at + mark.size());
      const std::string head = rest.substr(0, rest.find('>'));
      const std::string text = rest.substr(head.size() + 1, rest.find("</li>") - head.size() - 1);
      found.push_back((head.contains("data-problem") ? "!" : "") + head.substr(0, head.find('"')) +
                      ": " + text);
    }
    return found;
  }
  using Notes = std::vector<std::string>;
  /// An issuer whose publishers name their claims; with a claim that tells its tenants apart, or of
  /// one tenant.
  void add_generic(const std::string& id, const std::string& tenant_claim, Time at) {
    trust::Issuer issuer(*trust::provider_of_type("generic"));
    issuer.id = id;
    issuer.base_url = "https://" + id + ".example";
    issuer.tenant_claim = tenant_claim;
    issuer.single_tenant = tenant_claim.empty();
    ASSERT_TRUE(registry_->services().database.write([&](db::Session& session) {
      return trust::add_issuer(session, registry_->services().issuers, issuer, "root", at);
    }));
  }

  accounts::Person alice;
  accounts::Organization acme;
  ci::Project widgets;
  std::string definition;
};

TEST_F(PublisherCheckTest, FormsAreCheckedFieldByField) {
  const auto found = notes({{"organization_id", "acme"},
                            {"project_id", ""},  // not yet typed
                            {"vcs_origin", "https://github.com/acme/lib"}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].starts_with("!organization_id: ")) << found[0];
  EXPECT_TRUE(found[0].contains("UUID")) << found[0];
  EXPECT_TRUE(found[1].starts_with("!vcs_origin: ")) << found[1];
}

TEST_F(PublisherCheckTest, KnowsThePipelinesOfThisServer) {
  EXPECT_EQ(notes({{"organization_id", acme.id},
                   {"project_id", widgets.id},
                   {"pipeline_definition_id", definition},
                   {"vcs_origin", widgets.vcs_origin}}),
            Notes{});
  EXPECT_EQ(notes({{"organization_id", acme.id}, {"project_id", kElsewhere}}),
            Notes{"project_id: This organisation has no project with this id on this server."});
  EXPECT_EQ(notes({{"organization_id", acme.id},
                   {"project_id", widgets.id},
                   {"pipeline_definition_id", kElsewhere},
                   {"vcs_origin", "github.com/acme/gadgets"}}),
            (Notes{"pipeline_definition_id: Project widgets has no pipeline definition with this "
                   "id.",
                   "vcs_origin: The origin of project widgets is " + widgets.vcs_origin + "."}));
}

TEST_F(PublisherCheckTest, TellsNothingOfOtherPeoplesOrganizations) {
  const accounts::Person mallory = person("mallory");
  publish("@mallory/lib", "1.0.0", mallory);
  const std::string target =
      "/package/@mallory/lib/settings/publishers/check?type=circleci"
      "&organization_id=";
  Browser browser = signed_in("mallory");
  const auto about = [&](const std::string& organization, const std::string& project) {
    return browser.get(target + organization + "&project_id=" + project).body;
  };
  EXPECT_EQ(about(acme.id, widgets.id), about(kElsewhere, kElsewhere));
}

TEST_F(PublisherCheckTest, AsksAboutAHostThatIsUnusual) {
  for (const char* host : {"github.com", "gitlab.com", "bitbucket.org"}) {
    EXPECT_EQ(
        notes({{"organization_id", kElsewhere}, {"vcs_origin", std::string(host) + "/acme/lib"}}),
        Notes{})
        << host;
  }
  const auto misspelt =
      notes({{"organization_id", kElsewhere}, {"vcs_origin", "github.co/acme/lib"}});
  ASSERT_EQ(misspelt.size(), 1u);
  EXPECT_TRUE(misspelt[0].starts_with("vcs_origin: Is github.co the host")) << misspelt[0];
  const auto ours = notes(
      {{"organization_id", kElsewhere}, {"vcs_origin", "npm.example.test:4873/acme/widgets"}});
  ASSERT_EQ(ours.size(), 1u);
  EXPECT_TRUE(ours[0].contains("none of yours")) << ours[0];
}

TEST_F(PublisherCheckTest, LooksAtIdentifiersThatWouldBeLearnt) {
  EXPECT_EQ(notes({{"repository", "acme/widgets"}, {"repository_id", "1001"}}, "github"), Notes{});
  EXPECT_EQ(notes({{"repository_owner_id", std::string(65, '7')}}, "github"),
            Notes{"!repository_owner_id: must be the identifier as a text, of at most 64 bytes"});
  EXPECT_EQ(notes({{"project_id", "1001"}, {"namespace_id", std::string(65, '7')}}, "gitlab"),
            Notes{"!namespace_id: must be the identifier as a text, of at most 64 bytes"});
}

TEST_F(PublisherCheckTest, HoldsNamedClaimsAgainstTheIssuerThatIsChosen) {
  add_generic("forge", "organization", Time{});  // the usual one: it was there first
  add_generic("cluster", "", Time(std::chrono::seconds(1)));
  const std::string forge = "https://forge.example", cluster = "https://cluster.example";
  const std::string no_tenant = "claims[&quot;organization&quot;] is required, with an exact value";
  const struct {
    std::string claims, issuer;
    std::string_view note;  // a part of the only one; none when it is empty
  } cases[] = {
      {"", "", ""},  // not yet typed
      {"organization = acme\r\npipeline = release", "", ""},
      {"organization = acme", forge, ""},
      {"pipeline = release", "", no_tenant},
      {"pipeline = release", forge, no_tenant},
      {"pipeline = release", cluster, ""},
      {"organization =", "", "claims[&quot;organization&quot;] must be a text of 1 to 255 bytes"},
      {"organization = acme\npipeline", "", "claims[&quot;pipeline&quot;] must be a text"},
      {"organization = acme\niss = x", "", "claims[&quot;iss&quot;] is not a claim that tells"},
      {"organization = acme\norganization = b", "", "is on two lines, and can have one value."},
      {"organization = acme\nref = {{version}}{{version}}", "", "claims[&quot;ref&quot;] "},
      {"organization = acme\nref = {{version}}\ntag = {{version}}", "", "bind the version as well"},
      {"organization = acme", "https://other.example",
       "https://forge.example, https://cluster.exa"},
  };
  for (const auto& it : cases) {
    const auto found = notes({{"claims", it.claims}, {"issuer", it.issuer}}, "generic");
    ASSERT_EQ(found.size(), it.note.empty() ? 0u : 1u) << it.claims;
    if (it.note.empty()) continue;
    EXPECT_TRUE(found[0].starts_with("!claims: ")) << found[0];
    EXPECT_TRUE(found[0].contains(it.note)) << found[0];
    EXPECT_FALSE(found[0].contains("Invalid trusted publisher")) << found[0];
  }
}

TEST_F(PublisherCheckTest, SaysThatThereIsNoIssuer) {
  const auto found = notes({{"claims", "organization = acme"}}, "generic");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].contains("no issuer of kind generic is configured")) << found[0];
}

TEST_F(PublisherCheckTest, IsForWhoGoverns) {
  person("bob");
  EXPECT_EQ(signed_in("bob").get(kCheck).status, 403);
  Browser stranger{*this};
  EXPECT_EQ(stranger.get(kCheck).status, 303);
}

TEST_F(PublisherCheckTest, TheFirstAttemptCanBeWatchedFor) {
  enable_totp(alice);
  Browser browser = signed_in("alice");
  const Answer plain = browser.get("/package/@alice/lib/settings");
  EXPECT_TRUE(plain.has("data-checked=\"" + kCheck + "\""));
  EXPECT_FALSE(plain.has("data-every"));
  const Answer watched = browser.get("/package/@alice/lib/settings?watch=1");
  EXPECT_TRUE(watched.has("data-page=\"/package/@alice/lib/settings?watch=1\" data-every=\"3\""));
  EXPECT_TRUE(watched.has("live.js"));
}

}  // namespace
}  // namespace imp::web
