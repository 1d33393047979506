#include <fmt/format.h>

#include "web/fixture.h"

namespace imp::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kPipeline = "aaaaaaaa-0000-4000-8000-000000000001";
constexpr std::string_view kWorkflow = "aaaaaaaa-0000-4000-8000-000000000002";
constexpr std::string_view kJob = "aaaaaaaa-0000-4000-8000-000000000003";
constexpr std::string_view kHold = "aaaaaaaa-0000-4000-8000-000000000004";

/// One pipeline with a job that runs and an approval that waits.
class PipelinesTest : public WebTest {
 protected:
  PipelinesTest() {
    alice = person("alice");
    mallory = person("mallory");
    acme = organization("acme", alice);
    organization("evil", mallory);
    widgets = project(acme, "widgets");
    const std::string now = std::to_string(to_milliseconds(clock_.now()));
    run("INSERT INTO ci_pipelines VALUES ('" + std::string(kPipeline) + "', '" + widgets.id +
        "', 7, 'd', 'default', '.circleci/config.yml', 'created', 'push', '', '" + alice.id +
        "', 'alice', '" + widgets.id +
        "', 'main', '', 'refs/heads/main', '0123456789abcdef', '', 'refs/heads/main', "
        "'0123456789abcdef', 0, 0, 'Say <b>hello</b>', '{}', '{}', '', '', '', '', " +
        now + ")");
    run("INSERT INTO ci_workflows VALUES ('" + std::string(kWorkflow) + "', '" +
        std::string(kPipeline) + "', '" + widgets.id + "', 'release', 'running', '" + alice.id +
        "', 'alice', '', '', 'w', 1, " + now + ", NULL)");
    add_job(kJob, 1, "publish", "build", "running");
    add_job(kHold, 2, "hold", "approval", "on_hold");
    run("INSERT INTO ci_job_steps VALUES ('" + std::string(kJob) +
        "', 1, 'npm publish', 'running', NULL, " + now + ", NULL)");
  }

  void run(const std::string& sql) {
    const auto done = store_->database->write([&](db::Session& session) -> Result<void> {
      session.run(sql);
      return {};
    });
    ASSERT_TRUE(done) << sql;
  }

  void add_job(std::string_view id, int position, std::string_view name, std::string_view type,
               std::string_view status) {
    const std::string now = std::to_string(to_milliseconds(clock_.now()));
    run(fmt::format(
        "INSERT INTO ci_jobs VALUES ('{}', '{}', '{}', '{}', {}, {}, '{}', '{}', '{}', "
        "'', '[]', '[]', 'medium', 0, '', '', NULL, '', {}, {}, NULL, '', 'one', "
        "'', '[]', '', NULL, '', 0, 0, 0)",
        id, kWorkflow, kPipeline, widgets.id, position, position, name, type, status, now, now));
    run(fmt::format("INSERT INTO ci_job_tickets VALUES ('{}', '', '')", id));
  }

  void print(std::int64_t sequence, std::string_view bytes) {
    run(fmt::format("INSERT INTO ci_job_output VALUES ('{}', {}, 1, '{}')", kJob, sequence,
                    base64(bytes_of(bytes))));
  }

  void end_job() {
    run(fmt::format("UPDATE ci_jobs SET status = 'success', stopped = started WHERE id = '{}'",
                    kJob));
    run(fmt::format("UPDATE ci_job_steps SET outcome = 'success' WHERE job_id = '{}'", kJob));
  }

  /// What the stream of an answer gives now, and whether it is over.
  static http::StreamStep step_of(const Answer& answer) {
    const auto* stream = std::get_if<http::StreamBody>(&answer.response.body);
    return stream ? stream->next() : http::StreamStep{};
  }

  static std::string path(std::string_view kind, std::string_view id, std::string_view rest = {}) {
    return fmt::format("/{}/{}{}", kind, id, rest);
  }

  accounts::Person alice, mallory;
  accounts::Organization acme;
  ci::Project widgets;
};

TEST_F(PipelinesTest, PagesShowWhatRuns) {
  Browser browser = signed_in("alice");
  for (const std::string& list : {std::string("/pipelines/acme"), "/project/" + widgets.id}) {
    const Answer answer = browser.get(list);
    EXPECT_EQ(answer.status, 200) << list;
    EXPECT_THAT(answer.body, HasSubstr("#7")) << list;
    EXPECT_THAT(answer.body, HasSubstr("Say &lt;b&gt;hello&lt;/b&gt;")) << list;
    EXPECT_THAT(answer.body, HasSubstr("data-every=\"2\"")) << list;
    EXPECT_THAT(answer.body, HasSubstr(path("workflow", kWorkflow))) << list;
  }
  const Answer workflow = browser.get(path("workflow", kWorkflow));
  EXPECT_THAT(workflow.body, HasSubstr("Approve hold"));
  EXPECT_THAT(workflow.body, HasSubstr("on hold"));
  EXPECT_THAT(workflow.body, HasSubstr("Cancel the workflow"));
  const Answer job = browser.get(path("job", kJob));
  EXPECT_THAT(job.body, HasSubstr("npm publish"));
  EXPECT_THAT(job.body, HasSubstr("Cancel this job"));
}

TEST_F(PipelinesTest, ToOthersWhatIsHiddenLooksLikeWhatIsAbsent) {
  print(1, "hush");
  Browser outsider = signed_in("mallory");
  const std::string nothing = "bbbbbbbb-0000-4000-8000-000000000001";
  for (const auto& [kind, id] : {std::pair{"workflow", kWorkflow}, std::pair{"job", kJob}}) {
    for (const std::string_view below : {"", "/events", "/output.txt"}) {
      const Answer hidden = outsider.get(path(kind, id, below));
      const Answer absent = outsider.get(path(kind, nothing, below));
      EXPECT_EQ(hidden.status, 404) << kind << below;
      EXPECT_EQ(hidden.status, absent.status) << kind << below;
      EXPECT_EQ(hidden.body, absent.body) << kind << below;
      EXPECT_THAT(hidden.body, Not(HasSubstr("hush")));
    }
  }
  const std::pair<std::string, Fields> forms[] = {
      {path("workflow", kWorkflow, "/approve"), {{"approval", std::string(kHold)}}},
      {path("workflow", kWorkflow, "/cancel"), {}},
      {path("workflow", kWorkflow, "/rerun"), {{"what", "start"}}},
      {path("job", kJob, "/cancel"), {}},
      {"/project/" + widgets.id + "/run", {{"branch", "main"}}},
  };
  for (const auto& [form, fields] : forms) EXPECT_EQ(outsider.post(form, fields).status, 404);
  EXPECT_EQ(count("SELECT COUNT(*) FROM ci_jobs WHERE status = 'on_hold' AND cancel_requested = 0"),
            1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM ci_jobs WHERE cancel_requested = 1"), 0);
  EXPECT_EQ((Browser{*this}.get(path("job", kJob, "/events")).status), 303);
}

TEST_F(PipelinesTest, OutputHasItsColoursAndNothingElse) {
  print(1, "\x1b[31mred <script>x</script>\x1b[0m\n10%\r20%\n");
  const Answer page = signed_in("alice").get(path("job", kJob));
  EXPECT_THAT(page.body,
              HasSubstr("<span class=\"fg-1\">red &lt;script&gt;x&lt;/script&gt;</span>\n20%\n"));
  EXPECT_THAT(page.body, Not(HasSubstr("10%")));
}

TEST_F(PipelinesTest, AStreamTellsWhatThePageDoesNotHave) {
  print(1, "\x1b[32mbefore ");
  Browser browser = signed_in("alice");
  EXPECT_THAT(browser.get(path("job", kJob)).body, HasSubstr("/events?after=1"));
  print(2, "after\n");
  const Answer answer = browser.get(path("job", kJob, "/events?after=1"));
  EXPECT_EQ(answer.header("content-type"), "text/event-stream");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
  EXPECT_EQ(answer.header("x-accel-buffering"), "no");
  const auto first = step_of(answer);
  EXPECT_THAT(first.bytes, HasSubstr(R"("status":"running")"));
  EXPECT_THAT(first.bytes, HasSubstr(R"("name":"npm publish","outcome":"running")"));
  // The colour that the page's last piece left behind.
  EXPECT_THAT(first.bytes, HasSubstr("id: 2\nevent: output\ndata: "
                                     R"({"step":1,"runs":[["fg-2","after",false])"));
  EXPECT_THAT(first.bytes, Not(HasSubstr("before")));
  EXPECT_FALSE(first.done);
  EXPECT_EQ(step_of(answer).bytes, ": still here\n\n");
  end_job();
  const auto last = step_of(answer);
  EXPECT_THAT(last.bytes, HasSubstr(R"("outcome":"success","tone":"good")"));
  EXPECT_THAT(last.bytes, HasSubstr(R"("status":"success")"));
  EXPECT_THAT(last.bytes, HasSubstr("event: end"));
  EXPECT_TRUE(last.done);
}

TEST_F(PipelinesTest, ABrowserThatLostTheConnectionGoesOnWhereItWas) {
  print(1, "first\n");
  print(2, "second\n");
  const auto step = step_of(
      signed_in("alice").get(path("job", kJob, "/events?after=0"), {{"Last-Event-ID", "1"}}));
  EXPECT_THAT(step.bytes, HasSubstr("second"));
  EXPECT_THAT(step.bytes, Not(HasSubstr("first")));
}

TEST_F(PipelinesTest, StreamsEndAfterSomeMinutesSoThatTheVisitorIsAskedForAgain) {
  Browser browser = signed_in("alice");
  const Answer job = browser.get(path("job", kJob, "/events"));
  const Answer workflow = browser.get(path("workflow", kWorkflow, "/events"));
  EXPECT_FALSE(step_of(job).done);
  EXPECT_FALSE(step_of(workflow).done);
  clock_.advance(std::chrono::minutes(6));
  for (const Answer* answer : {&job, &workflow}) {
    const auto step = step_of(*answer);
    EXPECT_TRUE(step.done);
    EXPECT_THAT(step.bytes, Not(HasSubstr("event: end")));
  }
}

TEST_F(PipelinesTest, StreamsEndForWhoLeavesTheOrganization) {
  const accounts::Person bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  Browser browser = signed_in("bob");
  const Answer job = browser.get(path("job", kJob, "/events"));
  const Answer workflow = browser.get(path("workflow", kWorkflow, "/events"));
  EXPECT_FALSE(step_of(job).done);
  EXPECT_FALSE(step_of(workflow).done);
  ASSERT_TRUE(accounts_->organizations.remove_member(acme, bob, accounts::Actor::system()));
  print(1, "not for bob");
  for (const Answer* answer : {&job, &workflow}) {
    const auto step = step_of(*answer);
    EXPECT_TRUE(step.done);
    EXPECT_EQ(step.bytes, "");
  }
}

TEST_F(PipelinesTest, FormsThatWaitForGitHaveWorkersOfTheirOwn) {
  for (const std::string& target :
       {"/project/" + widgets.id + "/run", std::string("/org/acme/projects")}) {
    http::Request form = request(http::Method::post, target);
    const auto match = router_.match(form);
    ASSERT_TRUE(match.route) << target;
    EXPECT_EQ(match.route->options.pool, http::Pool::program) << target;
  }
}

// Of the chunks before one there must not be fewer than none.
TEST_F(PipelinesTest, AnyNumberOfAChunkIsTaken) {
  print(1, "all of it");
  Browser browser = signed_in("alice");
  for (const std::string after : {"-9223372036854775808", "-1", "0", "99999999999999999999", "x"}) {
    EXPECT_THAT(step_of(browser.get(path("job", kJob, "/events?after=" + after))).bytes,
                HasSubstr("all of it"))
        << after;
    EXPECT_THAT(
        step_of(browser.get(path("job", kJob, "/events"), {{"Last-Event-ID", after}})).bytes,
        HasSubstr("all of it"))
        << after;
  }
  EXPECT_THAT(step_of(browser.get(path("job", kJob, "/events?after=9223372036854775807"))).bytes,
              Not(HasSubstr("all of it")));
}

TEST_F(PipelinesTest, AWorkflowsStreamTellsChangesAlone) {
  const Answer answer = signed_in("alice").get(path("workflow", kWorkflow, "/events"));
  EXPECT_THAT(step_of(answer).bytes, HasSubstr("event: change"));
  EXPECT_EQ(step_of(answer).bytes, ": still here\n\n");
  end_job();
  EXPECT_THAT(step_of(answer).bytes, HasSubstr("event: change"));
}

TEST_F(PipelinesTest, AFormThatIsShownAgainLeadsBackToItsPage) {
  Browser browser = signed_in("alice");
  const Answer run = browser.post("/project/" + widgets.id + "/run", {{"branch", "none"}});
  EXPECT_GE(run.status, 400);
  EXPECT_THAT(run.body, HasSubstr("method=\"get\" action=\"/project/" + widgets.id + "\""));
  EXPECT_THAT(run.body, HasSubstr("data-page=\"/project/" + widgets.id + "\""));
  const Answer create = browser.post("/org/acme/projects", {{"project_name", "/"}});
  EXPECT_GE(create.status, 400);
  EXPECT_THAT(create.body, HasSubstr("method=\"get\" action=\"/org/acme\""));
  // An approval that was given in the meantime.
  const Answer approval =
      browser.post(path("workflow", kWorkflow, "/approve"), {{"approval", std::string(kJob)}});
  EXPECT_EQ(approval.status, 404);
}

}  // namespace
}  // namespace imp::web
