#include "registry/trust/publisher.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class PublisherTest : public TrustTest {
 protected:
  std::vector<TrustedPublisher> list(const registry::Package& of) {
    return database
        ->read([&](db::Session& session) -> Result<std::vector<TrustedPublisher>> {
          return publishers_of(session, of.id);
        })
        .value();
  }
  std::string try_add(const json::object& claims, std::string issuer = "circleci") {
    const RequiredClaims parsed = required(claims).value();
    return code_of(write([&](db::Session& session) {
      return add_publisher(session, package.id, {parsed, {false, true, false}, issuer}, "bob",
                           clock.now());
    }));
  }
  std::string try_remove(std::string_view package_id, std::string_view id) {
    return code_of(write([&](db::Session& session) {
      return remove_publisher(session, package_id, id, clock.now());
    }));
  }
};

json::object request_with(std::string_view member, std::string_view json_text) {
  return changed(
      {{"type", "circleci"}, {"claims", publisher_claims()}, {"permissions", {"createPackage"}}},
      member, json_text);
}

struct Requested {
  const char* name;
  const char* member;
  const char* json_text;
  const char* outcome;  ///< issuer's id, or the code of the refusal
};

class RequestedPublisher : public testing::TestWithParam<Requested> {};

TEST_P(RequestedPublisher, IsTakenOrRefusedWithWhatIsAllowed) {
  const Issuers issuers = test_issuers();
  const auto parsed =
      PublisherRequest::parse(request_with(GetParam().member, GetParam().json_text), issuers,
                              [](const Provider&, const std::string& organization) {
                                return organization == kOrganization ? "circleci" : "imprimatur";
                              });
  EXPECT_EQ(parsed ? parsed->issuer_id : std::string(parsed.error().code()), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Each, RequestedPublisher,
    testing::Values(
        Requested{"AsNpmSendsIt", "id", "", "circleci"},
        Requested{"NoType", "type", "", "invalid_publisher"},
        Requested{"OtherProvider", "type", "\"github\"", "invalid_publisher"},
        Requested{"TypeInCapitals", "type", "\"CircleCI\"", "invalid_publisher"},
        Requested{"TypeIsANumber", "type", "1", "invalid_publisher"},
        Requested{"NoClaims", "claims", "", "invalid_publisher"},
        Requested{"ClaimsInAList", "claims", "[]", "invalid_publisher"},
        Requested{"EmptyClaims", "claims", "{}", "invalid_publisher"},
        Requested{"NoPermissions", "permissions", "", "invalid_permissions"},
        Requested{"IssuerById", "issuer", "\"imprimatur\"", "imprimatur"},
        Requested{"IssuerByUrl", "issuer", "\"https://ci.example\"", "circleci"},
        Requested{"UnknownIssuer", "issuer", "\"https://evil.example\"", "invalid_publisher"},
        Requested{"IssuerWithSlash", "issuer", "\"https://ci.example/\"", "invalid_publisher"},
        // Not "none was named": the default would be another issuer than the one meant.
        Requested{"IssuerIsNull", "issuer", "null", "invalid_publisher"},
        Requested{"EmptyIssuer", "issuer", "\"\"", "invalid_publisher"},
        // A list that is sent back would otherwise look as if it kept its ids.
        Requested{"Id", "id", "\"0a1b2c3d-9999-4999-8999-999999999999\"", "invalid_publisher"},
        Requested{"MisspeltMember", "permission", "[]", "invalid_publisher"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RequestedPublishers, MustBeObjects) {
  for (const char* text : {"1", "\"circleci\"", "[]", "null"}) {
    EXPECT_EQ(code_of(PublisherRequest::parse(
                  json::parse(text), test_issuers(),
                  [](const Provider&, const std::string&) { return "circleci"; })),
              "invalid_publisher")
        << text;
  }
}

TEST_F(PublisherTest, IsKeptAsItWasGiven) {
  const TrustedPublisher added = add(package.id, publisher_claims({kContextB, kContextA}));
  ASSERT_EQ(list(package).size(), 1u);
  const TrustedPublisher kept = list(package).front();
  EXPECT_EQ(kept.id, added.id);
  EXPECT_EQ(kept.claims, added.claims);
  EXPECT_EQ(kept.permissions, added.permissions);
  EXPECT_EQ(kept.created_by, "alice");
  EXPECT_EQ(kept.created_at, kNow);
  EXPECT_FALSE(kept.last_used_at);
  const json::object item = kept.to_json(issuers);
  EXPECT_EQ(item.at("issuer"), json::value(kBase));
  EXPECT_EQ(item.at("type"), json::value("circleci"));
  EXPECT_EQ(item.at("id"), json::value(added.id));
}

TEST_F(PublisherTest, IsNotAddedTwice) {
  add(package.id, publisher_claims({kContextA}));
  json::object same = publisher_claims({kContextA, kContextA});
  same[claim("project-id")] = "0A1B2C3D-2222-4222-8222-222222222222";
  EXPECT_EQ(try_add(same), "duplicate_publisher");
  EXPECT_EQ(try_add(publisher_claims()), "ok");
  // The same claims of another issuer are another identity.
  EXPECT_EQ(try_add(publisher_claims({kContextA}), "imprimatur"), "ok");
}

TEST_F(PublisherTest, SamePublisherMayServeSeveralPackages) {
  add_default();
  const registry::Package second = add_package("@acme/second");
  add(second.id, publisher_claims());
  EXPECT_EQ(list(package).size(), 1u);
  EXPECT_EQ(list(second).size(), 1u);
}

TEST_F(PublisherTest, HasALimitPerPackage) {
  for (std::size_t i = 0; i < kMaxPublishers; ++i) {
    EXPECT_EQ(try_add(changed(publisher_claims(), claim("vcs-origin"),
                              json_string("github.com/acme/w" + std::to_string(i)))),
              "ok");
  }
  EXPECT_EQ(try_add(publisher_claims()), "too_many_publishers");
  remove(list(package).front());
  EXPECT_EQ(try_add(publisher_claims()), "ok");
}

TEST_F(PublisherTest, ThatRequiresMoreComesFirstAndOtherwiseTheOlder) {
  const TrustedPublisher old = add_default();
  clock.advance(std::chrono::seconds(1));
  const TrustedPublisher one = add(package.id, publisher_claims({kContextA}));
  clock.advance(std::chrono::seconds(1));
  const TrustedPublisher two = add(package.id, publisher_claims({kContextA, kContextB}));
  const TrustedPublisher young =
      add(package.id, changed(publisher_claims(), claim("vcs-origin"), "\"github.com/a/b\""));
  std::vector<std::string> order;
  for (const TrustedPublisher& publisher : list(package)) order.push_back(publisher.id);
  EXPECT_EQ(order, (std::vector{two.id, one.id, old.id, young.id}));
}

TEST_F(PublisherTest, IsRemovedByItsPackageAlone) {
  const TrustedPublisher publisher = add_default();
  const registry::Package other = add_package("@acme/other");
  EXPECT_EQ(try_remove(other.id, publisher.id), "publisher_not_found");
  EXPECT_EQ(try_remove(package.id, kOther), "publisher_not_found");
  EXPECT_EQ(try_remove(package.id, ""), "publisher_not_found");
  EXPECT_EQ(try_remove(package.id, "' OR 1=1 --"), "publisher_not_found");
  EXPECT_EQ(try_remove(package.id, publisher.id), "ok");
  EXPECT_EQ(try_remove(package.id, publisher.id), "publisher_not_found");
}

// As one that a later version wrote.
TEST_F(PublisherTest, OfAnUnknownTypeIsShownMatchesNothingAndCanBeRemoved) {
  const TrustedPublisher publisher = add_default();
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE trusted_publisher SET type = 'semaphore' WHERE id = :p1", {publisher.id});
    return {};
  }));
  ASSERT_EQ(list(package).size(), 1u);
  const TrustedPublisher found = list(package).front();
  EXPECT_EQ(found.to_json(issuers).at("type"), json::value("semaphore"));
  EXPECT_EQ(found.claims.tenant(), "");
  EXPECT_EQ(found.claims.specificity(), 0u);
  EXPECT_TRUE(compare(found.claims, job_claims()).rows.empty());
  EXPECT_FALSE(compare(found.claims, job_claims()).agreed());
  EXPECT_FALSE(compare(found.claims, job_claims()).same_project());
  EXPECT_EQ(try_remove(package.id, publisher.id), "ok");
}

TEST_F(PublisherTest, MadeBeforeTypesWereKeptIsCircleCis) {
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO trusted_publisher (id, package_id, issuer_id, organization_id, claims, "
        "permissions, created_by, created_at) VALUES (:p1, :p2, 'circleci', :p3, :p4, "
        "'createPackage', 'alice', 1)",
        {kOther, package.id, kOrganization, json::serialize(publisher_claims())});
    return {};
  }));
  EXPECT_EQ(list(package).front().type, "circleci");
  EXPECT_TRUE(compare(list(package).front().claims, job_claims()).agreed());
}

TEST_F(PublisherTest, WhoseRowNoLongerParsesMatchesNothingAndCanBeRemoved) {
  const TrustedPublisher publisher = add_default();
  const auto damaged = write([&](db::Session& session) -> Result<void> {
    session.run("UPDATE trusted_publisher SET claims = '{}' WHERE id = :p1", {publisher.id});
    return {};
  });
  ASSERT_TRUE(damaged);
  ASSERT_EQ(list(package).size(), 1u);
  EXPECT_FALSE(compare(list(package).front().claims, job_claims()).agreed());
  EXPECT_FALSE(compare(list(package).front().claims, {}).agreed());
  EXPECT_EQ(try_remove(package.id, publisher.id), "ok");
}

}  // namespace
}  // namespace imp::trust::test
