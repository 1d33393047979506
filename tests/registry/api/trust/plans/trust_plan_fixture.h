#pragma once

#include <string>
#include <utility>
#include <vector>

#include "registry/api/registry_fixture.h"
#include "registry/api/requester.h"

namespace imp::registry::test {

/// A publisher as a trust file has it.
inline json::object config(const std::string& project = trust::test::kProject) {
  json::object claims = trust::test::publisher_claims();
  claims[trust::test::claim("project-id")] = project;
  return {{"type", "circleci"}, {"claims", claims}, {"permissions", {"createStagedPackage"}}};
}

class TrustPlans : public RegistryTest {
 protected:
  TrustPlans() {
    for (const char* name : {"@alice/a", "@alice/b", "@alice/c"}) {
      EXPECT_EQ(publish(alice.token, name, "1.0.0", otp(alice)).status, 201);
    }
  }
  Answer send(const json::object& body, std::string otp = {}, std::string token = {}) {
    return ask({.method = Method::put,
                .target = "/-/trust/publishers",
                .token = token.empty() ? alice.token : token,
                .otp = std::move(otp),
                .body = json::serialize(body)});
  }
  Answer put(const std::vector<std::pair<std::string, json::array>>& packages, bool dry_run,
             std::string otp = {}, bool prune = false, std::string token = {}) {
    return send(body_of(packages, dry_run, prune), std::move(otp), std::move(token));
  }
  static json::object body_of(const std::vector<std::pair<std::string, json::array>>& packages,
                              bool dry_run, bool prune = false) {
    json::array list;
    for (const auto& [name, publishers] : packages) {
      list.push_back({{"package", name}, {"publishers", publishers}});
    }
    return {{"packages", list}, {"dryRun", dry_run}, {"prune", prune}};
  }
  /// Whose token it is, for what is called without an endpoint.
  Requester identified(const std::string& token) {
    http::Request request;
    request.headers.emplace_back("authorization", "Bearer " + token);
    request.secure = true;
    return Requester::identify(*services_, request).value();
  }
  /// As many publishers as a package may have.
  void fill_up(const std::string& name) {
    for (std::size_t i = 0; i < trust::kMaxPublishers; ++i) {
      json::object other = trust::test::publisher_claims();
      other[trust::test::claim("vcs-origin")] = "github.com/acme/other-" + std::to_string(i);
      ASSERT_TRUE(write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
        return trust::add_publisher(
            session, find_package(session, name)->id,
            {trust::test::required(other).value(), {true, true, false}, "circleci"}, "alice",
            clock_.now());
      }));
    }
  }
  /// "name outcome-or-code" of each scope, then of each package.
  static std::vector<std::string> outcomes(const Answer& answer) {
    std::vector<std::string> lines;
    for (const char* kind : {"scope", "package"}) {
      for (const json::value& entry : answer.document().at(std::string(kind) + "s").as_array()) {
        const auto* code = entry.as_object().if_contains("code");
        const json::value& what = code ? *code : entry.at("outcome");
        lines.push_back(std::string(entry.at(kind).as_string()) + " " +
                        std::string(what.as_string()));
      }
    }
    return lines;
  }
  /// What `imprimatur trust export` prints, as it is applied again.
  json::object exported(const std::string& query = {}, std::string token = {}) {
    const Answer list =
        get("/-/trust/publishers" + query, token.empty() ? alice.token : std::move(token));
    EXPECT_EQ(list.status, 200) << list.body;
    json::object document = list.document().as_object();
    for (const char* section : {"scopes", "packages"}) {
      for (json::value& entry : document.at(section).as_array()) {
        for (json::value& one : entry.at("publishers").as_array()) one.as_object().erase("id");
      }
    }
    return document;
  }
  std::int64_t publishers() { return count("SELECT COUNT(*) FROM trusted_publisher"); }
  using Lines = std::vector<std::string>;

  User alice = add_user("alice", true);
};

}  // namespace imp::registry::test
