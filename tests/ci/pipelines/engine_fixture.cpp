#include "ci/pipelines/engine_fixture.h"

#include <fmt/format.h>
#include <stdio.h>

#include <boost/json/serialize.hpp>

#include "base/uuid.h"

namespace imp::ci {
namespace {

void run(const std::string& command, const std::string& input = {}) {
  FILE* pipe = ::popen((command + " >/dev/null 2>&1").c_str(), "w");
  ASSERT_NE(pipe, nullptr);
  ::fwrite(input.data(), 1, input.size(), pipe);
  ASSERT_EQ(::pclose(pipe), 0) << command;
}

/// Making a key takes longer than most tests: the first one's serves all.
void use_signing_key(db::Database& database, SigningKeys& fresh) {
  static std::optional<db::Row> key;
  if (key) {
    const auto stored = database.write([](db::Session& session) -> Result<void> {
      session.run(
          "INSERT INTO ci_signing_keys (kid, n, e, sealed_private_key, signs, created) VALUES "
          "(:p1, :p2, :p3, :p4, 1, 0)",
          {key->text(0), key->text(1), key->text(2), key->text(3)});
      return {};
    });
    EXPECT_TRUE(stored);
    return;
  }
  EXPECT_TRUE(fresh.ensure());
  key = database
            .read([](db::Session& session) -> Result<db::Row> {
              return *session.row("SELECT kid, n, e, sealed_private_key FROM ci_signing_keys");
            })
            .value();
}

}  // namespace

EngineTest::EngineTest(Place place)
    : CiStore({context_migrations(), project_migrations(), identity_migrations(),
               deploy_migrations(), pipeline_migrations()},
              place) {
  restart();
  use_signing_key(*database_, world_->keys);
  alice = person("alice");
  bob = person("bob");
  carol = person("carol");
  const auto root = accounts::Actor::system();
  auto& organizations = world_->accounts.organizations;
  acme = organizations.create({.name = "acme"}, alice, root).value();
  for (const auto* member : {&bob, &carol}) {
    EXPECT_TRUE(organizations.set_member(acme, *member, accounts::Role::member, root));
  }
  widgets = hosted(acme, "widgets");
  const std::string token =
      world_->pipelines.runner_tokens.create("runner-1", accounts::Actor::system()).value();
  runner_ = world_->pipelines.runner_tokens.verify(token).value();
}

void EngineTest::restart() {
  world_.reset();
  mortal_.revive();
  world_ = std::make_unique<World>(mortal_, sealer_, clock_, metrics_, directory() + "/git");
}

accounts::Person EngineTest::person(const std::string& name) {
  return world_->accounts.people
      .create({.name = name, .email = name + "@example.test", .password = "correct horse battery"},
              accounts::Actor::system())
      .value();
}

accounts::Actor EngineTest::actor(const accounts::Person& person) {
  return {.person_id = person.id, .name = person.name, .via = "session:test"};
}

Project EngineTest::hosted(const accounts::Organization& organization, const std::string& name) {
  NewProject wanted;
  wanted.organization_id = organization.id;
  wanted.organization_name = organization.name;
  wanted.name = name;
  return world_->projects.create(wanted, accounts::Actor::system()).value();
}

void EngineTest::commit(const Project& project, const std::string& branch, const Files& files,
                        const std::string& message) {
  const std::string git = "git --git-dir=" + world_->repositories.path(project.id);
  const std::string ref = "refs/heads/" + branch;
  std::string stream =
      fmt::format("commit {}\ncommitter Ada <ada@example.test> 1790000000 +0000\ndata {}\n{}\n",
                  ref, message.size(), message);
  if (world_->repositories.resolve_branch(project.id, branch)) {
    stream += fmt::format("from {}^0\n", ref);
  }
  for (const auto& [path, text] : files) {
    stream += fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, text.size(), text);
  }
  run(git + " fast-import --quiet --force", stream);
}

void EngineTest::tag(const Project& project, const std::string& tag, const std::string& branch) {
  run(fmt::format("git --git-dir={} tag {} {}", world_->repositories.path(project.id), tag,
                  branch));
}

std::vector<Pipeline> EngineTest::push(const Project& project, const std::string& branch,
                                       const Files& files, const accounts::Person& by,
                                       const std::string& message) {
  auto pushed = world_->pipelines.pushes.around(project, actor(by),
                                                [&] { commit(project, branch, files, message); });
  EXPECT_TRUE(pushed) << (pushed ? "" : pushed.error().detail);
  return pushed.value_or(std::vector<Pipeline>{});
}

Pipeline EngineTest::push_config(const std::string& config, const std::string& branch,
                                 std::optional<accounts::Person> by) {
  auto pipelines = push(widgets, branch, {{".circleci/config.yml", config}}, by.value_or(alice));
  EXPECT_EQ(pipelines.size(), 1U);
  EXPECT_EQ(pipelines.at(0).errors, "");
  return pipelines.at(0);
}

Context EngineTest::context(const std::string& name,
                            const std::map<std::string, std::string>& variables) {
  Context created = world_->contexts.create(acme.id, name, actor(alice)).value();
  for (const auto& [variable, value] : variables) {
    EXPECT_TRUE(world_->context_variables.store(created.id, variable, value, actor(alice)));
  }
  return created;
}

void EngineTest::restrict(const Context& context, RestrictionKind kind, const std::string& value) {
  ASSERT_TRUE(world_->restrictions.add({context.id, kind, value, ""}, actor(alice)));
}

Result<std::optional<runner::JobTicket>> EngineTest::try_claim(const std::string& claim_id,
                                                               std::vector<std::string> labels) {
  return world_->pipelines.dispatch.claim(runner_, {.claim_id = claim_id,
                                                    .runner_name = "machine-1",
                                                    .labels = std::move(labels),
                                                    .wait_seconds = 0});
}

std::optional<runner::JobTicket> EngineTest::claim() {
  auto ticket = try_claim(new_uuid());
  EXPECT_TRUE(ticket) << (ticket ? "" : ticket.error().message + ticket.error().detail);
  return ticket.value_or(std::nullopt);
}

runner::EventBatch EngineTest::batch(const std::string& lease, std::uint64_t first,
                                     std::vector<decltype(runner::Event::what)> events) {
  runner::EventBatch out{lease, {}};
  for (auto& what : events) out.events.push_back({first++, 1'790'000'000'000, std::move(what)});
  return out;
}

void EngineTest::finish(const runner::JobTicket& ticket, runner::JobOutcome outcome) {
  const auto reply = world_->pipelines.running.apply(
      runner_, ticket.job_id, batch(ticket.lease, 1, {runner::JobFinished{outcome, false, ""}}));
  EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
}

WorkflowView EngineTest::workflow(const std::string& pipeline_id, std::size_t index) {
  return world_->pipelines.reader.pipeline(pipeline_id).value().workflows.at(index);
}

Job EngineTest::job(const std::string& pipeline_id, const std::string& name, std::size_t index) {
  for (const Job& job : workflow(pipeline_id, index).jobs) {
    if (job.name == name) return job;
  }
  ADD_FAILURE() << "no job " << name;
  return {};
}

std::string EngineTest::state(const std::string& pipeline_id) {
  std::string text;
  for (const WorkflowView& view :
       world_->pipelines.reader.pipeline(pipeline_id).value().workflows) {
    text += fmt::format("{}{}:", text.empty() ? "" : "\n", name(view.workflow.status));
    for (const Job& job : view.jobs) text += fmt::format(" {}={}", job.name, name(job.status));
  }
  return text;
}

std::string EngineTest::variable(const runner::JobTicket& ticket, std::string_view name) {
  std::string value = "(unset)";
  for (const runner::Variable& variable : ticket.environment) {
    if (variable.name == name) value = variable.value;
  }
  return value;
}

std::string config_with(const std::vector<std::string>& jobs, const std::string& workflow) {
  std::string text = "version: 2.1\njobs:\n";
  for (const std::string& job : jobs) {
    text += fmt::format(
        "  {}:\n    docker: [{{image: \"cimg/node:22.14\"}}]\n    steps: [checkout, run: "
        "\"true\"]\n",
        job);
  }
  text += "workflows:\n  main:\n    jobs:\n";
  std::size_t at = 0;
  while (at < workflow.size()) {
    const std::size_t end = std::min(workflow.find('\n', at), workflow.size());
    text += "      " + workflow.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

std::string claim_text(const jose::Token& token, const std::string& name) {
  const auto* value = token.unverified_payload.if_contains("oidc.circleci.com/" + name);
  if (!value) return "(absent)";
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

}  // namespace imp::ci
