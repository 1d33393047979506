#pragma once

#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "ci/api/services.h"
#include "ci/contexts/ci_store.h"
#include "ci/deploys/markers.h"
#include "crypto/random.h"
#include "http/answer.h"

namespace imp::ci {

struct Answer {
  int status = 0;
  boost::json::value body;
  http::Response response;

  std::string text() const { return boost::json::serialize(body); }
  std::string at(std::string_view member) const {
    const auto* value = body.is_object() ? body.get_object().if_contains(member) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
  }
  std::string message() const { return at("message"); }
  /// One member of each of the page's items.
  std::vector<std::string> items(std::string_view member) const {
    std::vector<std::string> found;
    for (const auto& item : body.at("items").as_array()) {
      found.emplace_back(item.at(member).as_string());
    }
    return found;
  }
};

/// The routes over a store of their own. Acme has an admin (alice), members (bob, carol) and a
/// group of bob's; mallory belongs to another organisation.
class ApiTest : public CiStore {
 protected:
  struct Person {
    accounts::Person person;
    std::string token;
  };

  ApiTest()
      : CiStore({context_migrations(), project_migrations(), identity_migrations(),
                 deploy_migrations()}) {
    alice = person("alice");
    bob = person("bob");
    carol = person("carol");
    mallory = person("mallory");
    const auto root = accounts::Actor::system();
    acme = accounts_.organizations.create({.name = "acme", .display_name = {}}, alice.person, root)
               .value();
    others =
        accounts_.organizations.create({.name = "others", .display_name = {}}, mallory.person, root)
            .value();
    for (const Person* member : {&bob, &carol}) {
      EXPECT_TRUE(
          accounts_.organizations.set_member(acme, member->person, accounts::Role::member, root));
    }
    core = accounts_.groups.create(acme, "core", root).value();
    EXPECT_TRUE(accounts_.groups.add(acme, core, bob.person, root));
    add_ci_routes(router_, services_);
  }

  Person person(const std::string& name) {
    Person result{accounts_.people
                      .create({.name = name,
                               .email = name + "@example.test",
                               .password = "correct horse battery",
                               .fullname = {}},
                              accounts::Actor::system())
                      .value(),
                  {}};
    accounts::NewToken token;
    token.kind = accounts::TokenKind::personal;
    token.reach = accounts::full_reach();
    result.token =
        accounts_.tokens.create(result.person, token, accounts::Actor::system()).value().token;
    return result;
  }

  Answer send(http::Request request) {
    auto given = http::test::answer_to(router_, std::move(request));
    Answer answer{.status = given.status, .body = {}, .response = std::move(given.response)};
    if (!given.body.empty()) answer.body = boost::json::parse(given.body);
    return answer;
  }
  Answer call(http::Method method, std::string target, const Person& caller,
              std::string body = {}) {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    request.headers = {{"Circle-Token", caller.token}, {"Content-Type", "application/json"}};
    request.body = std::move(body);
    return send(std::move(request));
  }
  Answer get(std::string target, const Person& caller) {
    return call(http::Method::get, std::move(target), caller);
  }
  Answer post(std::string target, const Person& caller, std::string body) {
    return call(http::Method::post, std::move(target), caller, std::move(body));
  }
  Answer put(std::string target, const Person& caller, std::string body) {
    return call(http::Method::put, std::move(target), caller, std::move(body));
  }
  Answer patch(std::string target, const Person& caller, std::string body) {
    return call(http::Method::patch, std::move(target), caller, std::move(body));
  }
  Answer del(std::string target, const Person& caller) {
    return call(http::Method::del, std::move(target), caller);
  }

  Project project(const accounts::Organization& owner, const std::string& name) {
    NewProject wanted;
    wanted.organization_id = owner.id;
    wanted.organization_name = owner.name;
    wanted.name = name;
    wanted.repository_url = "https://github.com/" + owner.name + "/" + name;
    return projects_.create(wanted, accounts::Actor::system()).value();
  }
  Context context(const accounts::Organization& owner, const std::string& name) {
    return contexts_.create(owner.id, name, accounts::Actor::system()).value();
  }

  accounts::Accounts accounts_{
      accounts::Services{.database = *database_,
                         .clock = clock_,
                         .random = crypto::system_random(),
                         .sealer = sealer_,
                         .log = null_log(),
                         .metrics = metrics_,
                         .settings = {.public_url = "https://ci.example:4873",
                                      .password_cost = crypto::PasswordCost::minimal}}};
  Repositories repositories_{directory() + "/git"};
  Projects projects_{*database_, repositories_, clock_, "https://ci.example:4873"};
  PipelineDefinitions definitions_{*database_, clock_};
  ProjectVariables project_variables_{*database_, sealer_, clock_};
  Contexts contexts_{*database_, clock_};
  ContextVariables context_variables_{*database_, sealer_, clock_};
  Restrictions restrictions_{*database_, clock_};
  SigningKeys keys_{*database_, sealer_, clock_};
  Issuer issuer_{"https://ci.example:4873", *database_, keys_, clock_, metrics_};
  DeployTimeline timeline_{*database_};
  CiServices services_{accounts_,          projects_, definitions_,
                       project_variables_, contexts_, context_variables_,
                       restrictions_,      issuer_,   timeline_};
  http::Router router_;

  Person alice, bob, carol, mallory;
  accounts::Organization acme, others;
  accounts::Group core;
};

}  // namespace imp::ci
