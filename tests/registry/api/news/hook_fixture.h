#pragma once

#include <set>
#include <string>
#include <vector>

#include "registry/api/registry_fixture.h"

namespace imp::registry::test {

/// @acme/lib, which alice governs and bob may publish.
class HookTest : public RegistryTest {
 protected:
  HookTest() {
    acme = add_organization("acme", alice);
    set_member(acme, bob, accounts::Role::member);
    EXPECT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  }

  Answer send(Method method, const std::string& path, const std::string& token, std::string otp,
              std::string body = {}) {
    return ask({.method = method,
                .target = path,
                .token = token,
                .otp = std::move(otp),
                .body = std::move(body)});
  }
  Answer add(const std::string& path, std::string body) {
    Answer answer = send(Method::post, path, alice.token, otp(alice), std::move(body));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer;
  }
  /// The id of a publisher that was added.
  std::string add_publisher(const std::string& path, const User& user,
                            const json::object& claims = trust::test::publisher_claims(),
                            const char* type = "circleci") {
    const std::string body = json::serialize(
        json::array{{{"type", type}, {"claims", claims}, {"permissions", {"createPackage"}}}});
    const Answer added = send(Method::post, path, user.token, otp(user), body);
    EXPECT_EQ(added.status, 200) << added.body;
    return std::string(added.document().at(0).at("id").as_string());
  }
  /// "type version", "type because reason", "type of @scope" and, of other packages than @acme/lib,
  /// "type in package", of what waits to be delivered, in order, and nothing waits afterwards.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    write([&](db::Session& session) -> Result<void> {
      for (const db::Row& row : session.rows("SELECT body FROM hook_delivery ORDER BY seq")) {
        const json::value body = json::parse(row.text(0));
        ever_told_.emplace(body.at("type").as_string());
        const json::object& data = body.at("data").as_object();
        std::string line(body.at("type").as_string());
        if (const auto* scope = data.if_contains("scope")) {
          line += " of " + std::string(scope->as_string());
          EXPECT_FALSE(data.contains("package"));
        } else if (data.at("package") != json::value("@acme/lib")) {
          line += " in " + std::string(data.at("package").as_string());
        }
        if (const auto* version = data.if_contains("version")) {
          line += " " + std::string(version->as_string());
        }
        if (line.starts_with("publisher.ended")) {
          line += " because " + std::string(data.at("reason").as_string());
        }
        last_data_ = data;
        lines.push_back(std::move(line));
      }
      session.run("DELETE FROM hook_delivery");
      return {};
    });
    return lines;
  }
  /// Adds a publisher, changes it and removes it, each of which is told.
  void change_publishers() {
    const std::string body =
        json::serialize(json::array{{{"type", "circleci"},
                                     {"claims", trust::test::publisher_claims()},
                                     {"permissions", {"createStagedPackage"}}}});
    const Answer added =
        send(Method::post, "/-/package/@acme%2flib/trust", alice.token, otp(alice), body);
    ASSERT_EQ(added.status, 200) << added.body;
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.added"});
    json::object applied{
        {"packages", json::array{{{"package", "@acme/lib"}, {"publishers", json::parse(body)}}}}};
    applied["packages"].at(0).at("publishers").at(0).at("permissions") =
        json::array{"createPackage"};
    ASSERT_EQ(
        send(Method::put, "/-/trust/publishers", alice.token, otp(alice), json::serialize(applied))
            .status,
        200);
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.changed"});
    const std::string id(added.document().at(0).at("id").as_string());
    ASSERT_EQ(
        send(Method::del, "/-/package/@acme%2flib/trust/" + id, alice.token, otp(alice)).status,
        204);
    EXPECT_EQ(told(), std::vector<std::string>{"publisher.removed"});
  }
  /// A fresh one of the job of trust_fixture.h, with one claim changed as by
  /// trust::test::changed().
  std::string github_token(std::string_view claim = {}, std::string_view json_text = {}) {
    json::object job = trust::test::github_job();
    const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
    job["iat"] = now;
    job["exp"] = now + 300;
    job["jti"] = "github-" + std::to_string(++github_jobs_);
    if (!claim.empty()) job = trust::test::changed(job, claim, json_text);
    return trust::test::signed_token(job);
  }
  Answer decide(Method method, const std::string& id, std::string body = {}) {
    return send(method, "/-/stage/" + id + (method == Method::post ? "/approve" : ""), alice.token,
                otp(alice), std::move(body));
  }

  static constexpr const char* kPath = "/-/package/@acme%2flib/hooks";
  static constexpr const char* kHook = R"({"url": "https://hooks.example/x"})";
  User alice = add_user("alice", true), bob = add_user("bob", true),
       mallory = add_user("mallory", true);
  accounts::Organization acme;
  std::set<std::string, std::less<>> ever_told_;
  int github_jobs_ = 0;
  json::object last_data_;  ///< of the last that told() found
};

}  // namespace imp::registry::test
