#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "accounts/schema.h"
#include "audit/log.h"
#include "base/log.h"
#include "base/metrics.h"
#include "db/database.h"
#include "http/router.h"
#include "registry/brakes/freeze.h"
#include "registry/packages/store.h"
#include "registry/trust/exchange.h"
#include "registry/trust/issuer_keys.h"
#include "registry/trust/publisher.h"
#include "routed_client.h"
#include "testissuer/routes.h"

namespace imp::testissuer::test {

namespace json = boost::json;

/// A registry with a package that trusts the test issuer's job of each shape.
class RegistryBesideTest : public testing::Test {
 protected:
  RegistryBesideTest() {
    add_test_issuer_routes(router_, issuer_);
    std::vector<db::Migration> all = audit::migrations();
    for (const auto& more : {accounts::migrations(), registry::package_migrations(),
                             registry::brake_migrations(), trust::migrations()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    EXPECT_TRUE(database_->migrate(all));
    EXPECT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      const auto package =
          registry::create_package(session, registry::PackageName::for_read("lib").value(),
                                   std::nullopt, registry::Access::open, clock_.now());
      add(session, package.id, "circleci",
          {{"oidc.circleci.com/org-id", kOrganization},
           {"oidc.circleci.com/project-id", kProject},
           {"oidc.circleci.com/pipeline-definition-id", kDefinition},
           {"oidc.circleci.com/vcs-origin", "github.com/acme/widgets"},
           {"oidc.circleci.com/context-ids", json::array{kContext}}});
      add(session, package.id, "github",
          {{"repository", "acme/widgets"},
           {"workflow_ref", {{"file", "release.yml"}}},
           {"environment", "npm"}});
      add(session, package.id, "gitlab",
          {{"project_path", "acme/tools/widgets"},
           {"ci_config_ref_uri", {{"file", ".gitlab-ci.yml"}}}});
      return {};
    }));
  }

  /// "granted", or the code of the refusal.
  std::string exchanged(const std::string& token) {
    const auto minted = exchange_.exchange({"lib", token, "192.0.2.1", "request"});
    return minted ? "granted" : std::string(minted.error().code());
  }
  std::string exchanged(const TokenRequest& request) {
    return exchanged(issuer_.token(request).value());
  }

  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  Metrics metrics_;
  TestIssuer issuer_{kOrigin, clock_, Milliseconds(0)};
  http::Router router_;
  RoutedClient client_{router_};
  std::unique_ptr<db::Database> database_ = db::open_sqlite({.path = ":memory:"}).value();
  trust::Issuers issuers_{{of_kind("circleci"), of_kind("github"), of_kind("gitlab")}};
  trust::IssuerKeys keys_{client_, clock_, null_log(), metrics_};
  trust::Evaluator evaluator_{*database_, issuers_, keys_, {"npm:localhost"}, clock_};
  trust::Exchange exchange_{*database_, evaluator_, crypto::system_random(),
                            clock_,     null_log(), metrics_};

 private:
  static trust::Issuer of_kind(const std::string& id) {
    trust::Issuer issuer(*trust::provider_of_type(id));
    issuer.id = id;
    issuer.base_url = kOrigin + "/" + id;
    return issuer;
  }
  static void add(db::Session& session, const std::string& package_id, const std::string& type,
                  const json::object& claims) {
    const auto required = trust::RequiredClaims::parse(*trust::provider_of_type(type), claims);
    ASSERT_TRUE(required) << required.error().message;
    EXPECT_TRUE(trust::add_publisher(session, package_id, {*required, {true, true, false}, type},
                                     "ada", Time()));
  }
};

}  // namespace imp::testissuer::test
