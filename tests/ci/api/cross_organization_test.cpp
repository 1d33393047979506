#include "ci/api/engine_fixture.h"

namespace imp::ci {
namespace {

using http::Method;

/// Every endpoint that names something of an organisation, called by people who do not belong to
/// it: somebody without any organisation, and the admin of another one.
class CrossOrganizationTest : public EngineApiTest {
 protected:
  struct Request {
    Method method;
    std::string target;
    std::string body;
  };

  void SetUp() override {
    commit(config);
    place(widgets);
    pipeline_id = run(bob);
    secrets = context(acme, "acme-secrets");
    ASSERT_TRUE(context_variables_.store(secrets.id, "ACME_TOKEN", "acme-value-12345",
                                         accounts::Actor::system()));
    restriction = restrictions_
                      .add({secrets.id, RestrictionKind::project, widgets.id, "widgets"},
                           accounts::Actor::system())
                      .value();
    ASSERT_TRUE(project_variables_.store(widgets.id, "ACME_KEY", "acme-value-67890",
                                         accounts::Actor::system()));
    definition = definitions_.list(widgets.id).value().front();
    const WorkflowView gate_view = workflow(pipeline_id, "gate");
    const WorkflowView main_view = workflow(pipeline_id, "main");
    gate = gate_view.workflow.id;
    ask = gate_view.jobs.at(0).id;
    build = main_view.jobs.at(0);
    DeployPlan plan;
    plan.target_version = "1.2.3";
    const auto logged = markers_.log({.organization_id = acme.id,
                                      .project_id = widgets.id,
                                      .project_name = "widgets",
                                      .pipeline_id = pipeline_id,
                                      .workflow_id = gate,
                                      .job_id = build.id,
                                      .job_number = *build.number},
                                     plan);
    ASSERT_TRUE(logged) << logged.error().message;
    component = timeline_.components(acme.id, "", "").value().front().id;
    environment = timeline_.environments(acme.id).value().front().id;

    lair = hosted(others, "lair");
    lair_context = context(others, "lair");
    den = accounts_.groups.create(others, "den", accounts::Actor::system()).value();
    place(lair);
    own_pipeline = post("/api/v2/project/" + lair.slug + "/pipeline/run", mallory,
                        boost::json::serialize(boost::json::object{
                            {"definition_id", definitions_.list(lair.id)->at(0).id},
                            {"config", {{"branch", "main"}}},
                            {"checkout", {{"branch", "main"}}}}))
                       .at("id");
    stranger = person("eve");
    run_body_ = run_body();
    for (const std::string& id :
         {acme.id, widgets.id, secrets.id, restriction.id, definition.id, core.id, pipeline_id,
          gate, ask, build.id, component, environment, bob.person.id}) {
      absent_.emplace_back(id, new_uuid());
    }
    absent_.emplace_back("acme", "none");
  }

  WorkflowView workflow(const std::string& pipeline, const std::string& name) {
    for (WorkflowView& view : pipelines_.reader.pipeline(pipeline).value().workflows) {
      if (view.workflow.name == name) return std::move(view);
    }
    ADD_FAILURE() << "no workflow " << name;
    return {};
  }

  /// Everything under acme that a path can name.
  std::vector<Request> requests() const {
    const std::string project = "/api/v2/project/" + widgets.slug;
    const std::string by_id = "/api/v2/project/circleci/" + acme.id + "/" + widgets.id;
    const std::string definitions = "/api/v2/projects/" + widgets.id + "/pipeline-definitions";
    const std::string definition_path = definitions + "/" + definition.id;
    const std::string context = "/api/v2/context/" + secrets.id;
    const std::string groups = "/api/v2/organizations/" + acme.id + "/groups";
    const std::string group = groups + "/" + core.id;
    const std::string pipeline = "/api/v2/pipeline/" + pipeline_id;
    const std::string flow = "/api/v2/workflow/" + gate;
    const std::string job = project + "/job/" + std::to_string(*build.number);
    return {
        {Method::get, "/api/v2/organization/" + acme.id, ""},
        {Method::get, "/api/v2/organization/" + acme.name, ""},
        {Method::get, "/api/v2/organization/" + acme.slug, ""},
        {Method::get, "/api/v2/organization/" + acme.id + "/project", ""},
        {Method::post, "/api/v2/organization/" + acme.id + "/project", R"({"name":"planted"})"},
        {Method::get, project, ""},
        {Method::get, by_id, ""},
        {Method::get, project + "/settings", ""},
        {Method::patch, project + "/settings", R"({"advanced":{"build_fork_prs":true}})"},
        {Method::get, project + "/envvar", ""},
        {Method::post, project + "/envvar", R"({"name":"PLANTED","value":"x"})"},
        {Method::get, project + "/envvar/ACME_KEY", ""},
        {Method::del, project + "/envvar/ACME_KEY", ""},
        {Method::get, definitions, ""},
        {Method::post, definitions, R"({"name":"planted"})"},
        {Method::get, definition_path, ""},
        {Method::patch, definition_path, R"({"config_source":{"file_path":"evil.yml"}})"},
        {Method::del, definition_path, ""},
        {Method::get, "/api/v2/context?owner-id=" + acme.id, ""},
        {Method::get, "/api/v2/context?owner-slug=" + acme.slug, ""},
        {Method::post, "/api/v2/context",
         R"({"name":"planted","owner":{"id":")" + acme.id + R"("}})"},
        {Method::get, context, ""},
        {Method::del, context, ""},
        {Method::get, context + "/environment-variable", ""},
        {Method::put, context + "/environment-variable/ACME_TOKEN", R"({"value":"planted"})"},
        {Method::del, context + "/environment-variable/ACME_TOKEN", ""},
        {Method::get, context + "/restrictions", ""},
        {Method::post, context + "/restrictions",
         R"({"restriction_type":"expression","restriction_value":"true"})"},
        {Method::del, context + "/restrictions/" + restriction.id, ""},
        {Method::get, groups, ""},
        {Method::post, groups, R"({"name":"planted"})"},
        {Method::get, group, ""},
        {Method::del, group, ""},
        {Method::get, group + "/users", ""},
        {Method::post, group + "/users", R"({"user_id":")" + mallory.person.id + R"("})"},
        {Method::del, group + "/users/" + bob.person.id, ""},
        {Method::get, "/api/v2/deploy/environments?org-id=" + acme.id, ""},
        {Method::get, "/api/v2/deploy/environments/" + environment, ""},
        {Method::get, "/api/v2/deploy/components?org-id=" + acme.id, ""},
        {Method::get, "/api/v2/deploy/components/" + component, ""},
        {Method::get, "/api/v2/deploy/components/" + component + "/versions", ""},
        {Method::post, project + "/pipeline/run", run_body_},
        {Method::post, by_id + "/pipeline/run", run_body_},
        {Method::get, project + "/pipeline", ""},
        {Method::post, project + "/pull-request",
         R"({"fork":")" + lair.slug + R"(","branch":"main"})"},
        {Method::get, pipeline, ""},
        {Method::get, pipeline + "/config", ""},
        {Method::get, pipeline + "/values", ""},
        {Method::get, pipeline + "/workflow", ""},
        {Method::get, flow, ""},
        {Method::get, flow + "/job", ""},
        {Method::post, flow + "/approve/" + ask, ""},
        {Method::post, flow + "/cancel", ""},
        {Method::post, flow + "/rerun", ""},
        {Method::get, job, ""},
        {Method::post, job + "/cancel", ""},
        {Method::get, job + "/output", ""},
        {Method::post, "/api/v2/jobs/" + build.id + "/cancel", ""},
        {Method::get, "/api/v2/runner/token", ""},
        {Method::post, "/api/v2/runner/token", R"({"name":"planted"})"},
        {Method::del, "/api/v2/runner/token/none", ""},
    };
  }

  /// Ids of acme's in paths and bodies of which the first thing named is mallory's.
  std::vector<Request> of_acme_under_own_paths() {
    const std::string project = "/api/v2/project/" + lair.slug;
    const std::string definitions = "/api/v2/projects/" + lair.id + "/pipeline-definitions/";
    const std::string groups = "/api/v2/organizations/" + others.id + "/groups/";
    const std::string context = "/api/v2/context/" + lair_context.id;
    const std::string own_gate = workflow(own_pipeline, "gate").workflow.id;
    return {
        {Method::get, definitions + definition.id, ""},
        {Method::patch, definitions + definition.id, R"({"name":"planted"})"},
        {Method::del, definitions + definition.id, ""},
        {Method::post, project + "/pipeline/run", run_body_},
        {Method::get, groups + core.id, ""},
        {Method::del, groups + core.id, ""},
        {Method::post, groups + core.id + "/users",
         R"({"user_id":")" + mallory.person.id + R"("})"},
        // Somebody else's people cannot be drawn into a group of one's own.
        {Method::post, groups + den.id + "/users", R"({"user_id":")" + bob.person.id + R"("})"},
        {Method::del, context + "/restrictions/" + restriction.id, ""},
        {Method::post, context + "/restrictions",
         R"({"restriction_type":"project","restriction_value":")" + widgets.id + R"("})"},
        {Method::post, context + "/restrictions",
         R"({"restriction_type":"group","restriction_value":")" + core.id + R"("})"},
        {Method::post, "/api/v2/workflow/" + own_gate + "/approve/" + ask, ""},
        // Where it stands in one's own list would tell when it was made.
        {Method::get, project + "/pipeline?page-token=" + pipeline_id, ""},
        // A pull request "from" a private project would run, and show, its code.
        {Method::post, project + "/pull-request",
         R"({"fork":")" + widgets.slug + R"(","branch":"main"})"},
        {Method::post, project + "/pull-request",
         R"({"fork":")" + widgets.id + R"(","branch":"main"})"},
    };
  }

  /// The same request about things that nobody has.
  Request absent(Request request) const {
    for (std::string* text : {&request.target, &request.body}) {
      for (const auto& [own, none] : absent_) replace(*text, own, none);
    }
    return request;
  }

  /// The answer without what the caller sent and may be told again.
  std::string without_ids(std::string text) const {
    for (const auto& [own, none] : absent_) {
      replace(text, own, "*");
      replace(text, none, "*");
    }
    return text;
  }

  static void replace(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
      text.replace(at, what.size(), with);
    }
  }

  /// What acme has, and in what state. The audit log is left out: refusals belong there.
  std::string everything() {
    std::string text;
    for (const std::string query :
         {"SELECT id FROM ci_projects ORDER BY id",
          "SELECT id || build_fork_prs || pass_secrets_to_forks FROM ci_projects ORDER BY id",
          "SELECT project_id || name || sealed_value FROM ci_project_variables ORDER BY 1",
          "SELECT id || config_path FROM ci_pipeline_definitions ORDER BY id",
          "SELECT id || name FROM ci_contexts ORDER BY id",
          "SELECT context_id || name || sealed_value FROM ci_context_variables ORDER BY 1",
          "SELECT context_id || id || value FROM ci_context_restrictions ORDER BY 1",
          "SELECT id || name FROM accounts_groups ORDER BY id",
          "SELECT group_id || person_id FROM accounts_group_members ORDER BY 1",
          "SELECT id || state FROM ci_pipelines ORDER BY id",
          "SELECT id || status FROM ci_workflows ORDER BY id",
          "SELECT id || status || cancel_requested FROM ci_jobs ORDER BY id",
          "SELECT id || name FROM ci_runner_tokens ORDER BY id"}) {
      const auto rows = database_->read([&](db::Session& session) -> Result<std::vector<db::Row>> {
        return session.rows(query);
      });
      for (const db::Row& row : rows.value()) text += row.text(0) + "\n";
    }
    return text;
  }

  /// A name or an identifier of acme's that an answer to a stranger must not hold. What the caller
  /// sent is no news to it.
  std::string leak(const Answer& answer) const {
    const std::string text = answer.text();
    for (const std::string& word :
         {std::string("ACME_"), std::string("acme-secrets"), std::string("2345"),
          std::string("\"core\""), std::string("bob"), std::string("alice"), build.id, ask,
          definition.id, component, environment}) {
      if (text.find(word) != std::string::npos) return word;
    }
    return {};
  }

  const std::string config =
      "version: 2.1\n"
      "jobs:\n"
      "  build: {docker: [{image: \"cimg/node:22.14\"}], steps: [checkout, run: \"true\"]}\n"
      "workflows:\n"
      "  main: {jobs: [build]}\n"
      "  gate: {jobs: [ask: {type: approval}]}\n";
  Context secrets, lair_context;
  Restriction restriction;
  PipelineDefinition definition;
  std::string pipeline_id, own_pipeline, run_body_, gate, ask, component, environment;
  std::vector<std::pair<std::string, std::string>> absent_;  ///< names of acme's, and of nobody's
  Job build;
  Project lair;
  accounts::Group den;
  Person stranger;
};

TEST_F(CrossOrganizationTest, StrangersLearnAndChangeNothing) {
  const std::string before = everything();
  for (const Person* caller : {&stranger, &mallory}) {
    for (const Request& request : requests()) {
      SCOPED_TRACE(caller->person.name + " " + std::string(http::name(request.method)) + " " +
                   request.target);
      const Answer answer = call(request.method, request.target, *caller, request.body);
      EXPECT_TRUE(answer.status == 404 || answer.status == 403) << answer.status << answer.text();
      EXPECT_EQ(leak(answer), "") << answer.text();
    }
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(CrossOrganizationTest, WhatIsAnothersIsAnsweredLikeWhatDoesNotExist) {
  std::vector<Request> all = requests();
  std::ranges::move(of_acme_under_own_paths(), std::back_inserter(all));
  for (const Person* caller : {&stranger, &mallory}) {
    for (const Request& request : all) {
      SCOPED_TRACE(caller->person.name + " " + std::string(http::name(request.method)) + " " +
                   request.target + " " + request.body);
      const Request other = absent(request);
      if (request.target + request.body == other.target + other.body) continue;  // names nothing
      const Answer hidden = call(request.method, request.target, *caller, request.body);
      const Answer none = call(other.method, other.target, *caller, other.body);
      EXPECT_EQ(hidden.status, none.status);
      EXPECT_EQ(without_ids(hidden.text()), without_ids(none.text()));
    }
  }
}

TEST_F(CrossOrganizationTest, NobodyIsAskedToSignInWhetherItExistsOrNot) {
  const std::string before = everything();
  for (const Request& request : requests()) {
    http::Request sent;
    sent.method = request.method;
    sent.target = request.target;
    sent.body = request.body;
    EXPECT_EQ(send(std::move(sent)).status, 401) << request.target;
  }
  EXPECT_EQ(everything(), before);
}

// Each of these is refused to somebody else for who he is, not because the request is malformed.
TEST_F(CrossOrganizationTest, TheSameReadsAreAnsweredToMembers) {
  for (const Request& request : requests()) {
    if (request.method != Method::get || request.target.starts_with("/api/v2/runner")) continue;
    const Answer answer = call(request.method, request.target, carol, request.body);
    EXPECT_EQ(answer.status, 200) << request.target << answer.text();
  }
}

TEST_F(CrossOrganizationTest, MembersDoNotDoWhatIsForAdmins) {
  const std::string before = everything();
  const std::vector<std::string> for_admins = {
      "/settings",     "/envvar",        "/pipeline-definitions", "/groups",
      "/restrictions", "/api/v2/runner", "/api/v2/organization/"};
  for (const Request& request : requests()) {
    const bool is_for_admins = std::ranges::any_of(for_admins, [&](const std::string& part) {
      return request.target.find(part) != std::string::npos;
    });
    const bool always = request.target.starts_with("/api/v2/runner");
    if (!is_for_admins || (request.method == Method::get && !always)) continue;
    const Answer answer = call(request.method, request.target, carol, request.body);
    EXPECT_EQ(answer.status, 403) << http::name(request.method) << " " << request.target;
  }
  EXPECT_EQ(everything(), before);
}

// A right over the first thing that a path names gives none over the second.
TEST_F(CrossOrganizationTest, AnIdOfAcmeUnderAPathOfOnesOwnNamesNothing) {
  const std::string before = everything();
  const std::string project = "/api/v2/project/" + lair.slug;
  const std::string own_gate = workflow(own_pipeline, "gate").workflow.id;
  for (const Request& request : of_acme_under_own_paths()) {
    const Answer answer = call(request.method, request.target, mallory, request.body);
    EXPECT_GE(answer.status, 400) << request.target;
    EXPECT_LT(answer.status, 500) << request.target;
  }
  ASSERT_EQ(post("/api/v2/workflow/" + own_gate + "/cancel", mallory, "").status, 202);
  EXPECT_EQ(
      post("/api/v2/workflow/" + own_gate + "/rerun", mallory, R"({"jobs":[")" + ask + R"("]})")
          .status,
      400);
  // Filters and page tokens narrow one's own list and open nothing.
  EXPECT_EQ(
      get("/api/v2/deploy/components?org-id=" + others.id + "&project-id=" + widgets.id, mallory)
          .body.at("items")
          .as_array()
          .size(),
      0U);
  EXPECT_EQ(leak(get(project + "/pipeline?page-token=" + pipeline_id, mallory)), "");
  const auto acme_now = workflow(pipeline_id, "gate");
  EXPECT_EQ(acme_now.workflow.status, WorkflowStatus::on_hold);
}

// A fork may ask only where forks are built, and learns of nothing else.
TEST_F(CrossOrganizationTest, PullRequestsOfStrangersOnlyWhereForksAreBuilt) {
  const std::string request = "/api/v2/project/" + widgets.slug + "/pull-request";
  const std::string body = R"({"fork":")" + lair.slug + R"(","branch":"main"})";
  const Answer hidden = post(request, mallory, body);
  const Answer absent = post("/api/v2/project/circleci/acme/absent/pull-request", mallory, body);
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.text(), absent.text());
  ASSERT_TRUE(
      projects_.change_settings(widgets.id, {.build_fork_prs = true}, accounts::Actor::system()));
  const Answer opened = post(request, mallory, body);
  EXPECT_EQ(opened.status, 201) << opened.text();
  EXPECT_EQ(post(request, stranger, body).status, 404);  // not eve's fork
  const std::string started(opened.body.at("pipelines").at(0).at("id").as_string());
  EXPECT_EQ(get("/api/v2/pipeline/" + started, mallory).status, 404);
}

// Only administrators of the server manage runners, which may take any job.
TEST_F(CrossOrganizationTest, RunnerTokensAreForAdministratorsOfTheServer) {
  EXPECT_EQ(post("/api/v2/runner/token", alice, R"({"name":"r"})").status, 403);
  ASSERT_TRUE(accounts_.people.set_admin(alice.person, true, accounts::Actor::system()));
  accounts_.tokens.forget_cached();
  EXPECT_EQ(post("/api/v2/runner/token", alice, R"({"name":"r"})").status, 201);
}

}  // namespace
}  // namespace imp::ci
