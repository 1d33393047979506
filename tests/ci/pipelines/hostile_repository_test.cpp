#include "audit/log.h"
#include "ci/pipelines/engine_fixture.h"

namespace imp::ci {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// What somebody who may push can put into a repository must cost nobody else anything.
class HostileRepositoryTest : public EngineTest {
 protected:
  std::string config_ = config_with({"build"}, "- build: {context: secrets}");
  Project gadgets_ = hosted(acme, "gadgets");

  void SetUp() override {
    const Context secrets = context("secrets", {{"TOKEN", "a-very-secret-value"}});
    restrict(secrets, RestrictionKind::expression, R"(pipeline.git.branch == "main")");
  }

  /// Somebody else's job, queued after whatever the test pushed, is still given away.
  void expect_others_still_run() {
    const auto theirs = push(gadgets_, "main",
                             {{".circleci/config.yml", config_with({"theirs"}, "- theirs")}}, bob);
    ASSERT_THAT(theirs, SizeIs(1));
    for (auto ticket = claim(); ticket; ticket = claim()) {
      if (ticket->job_name == "theirs") return;
      finish(*ticket);
    }
    ADD_FAILURE() << "the other project's job was not given away";
  }
};

// git keeps the bytes of a message and of a name as they were typed; JSON and PostgreSQL's text
// take UTF-8 alone.
TEST_F(HostileRepositoryTest, TextThatIsNotUtf8BlocksNoQueue) {
  for (const std::string message :
       {"\xff\xfe latin", "subject\n\nbody \xc3", "cut \xe2\x82", "nul-like \xc0\x80"}) {
    SCOPED_TRACE(message);
    const auto pipelines =
        push(widgets, "main", {{".circleci/config.yml", config_}}, alice, message);
    ASSERT_THAT(pipelines, SizeIs(1));
    EXPECT_EQ(pipelines[0].state, PipelineState::created) << pipelines[0].errors;
    const auto ticket = claim();
    ASSERT_TRUE(ticket);
    EXPECT_EQ(variable(*ticket, "TOKEN"), "a-very-secret-value");
    finish(*ticket);
    EXPECT_TRUE(is_utf8(
        world_->pipelines.reader.pipeline(pipelines[0].id).value().pipeline.commit_subject));
    EXPECT_TRUE(world_->pipelines.reader.values(pipelines[0].id));
  }
  expect_others_still_run();
}

// Names that git stores and that this server's own API would refuse.
TEST_F(HostileRepositoryTest, BranchesThatTheServerCannotNameStartNoPipeline) {
  for (const std::string branch : {"\xff", "--upload-pack=x", "HEAD", "refs/heads/main", "@"}) {
    SCOPED_TRACE(branch);
    EXPECT_THAT(push(widgets, branch, {{".circleci/config.yml", config_}}, alice), IsEmpty());
  }
  EXPECT_TRUE(
      world_->pipelines.reader.list({.project_id = widgets.id, .limit = 20}).value().empty());
  expect_others_still_run();
}

TEST_F(HostileRepositoryTest, APushCutOffBesideSuchABranchIsRecovered) {
  commit(widgets, "\xff", {{"README.md", "x"}});
  mortal_.die_after(1);
  (void)world_->pipelines.pushes.around(
      widgets, actor(bob), [&] { commit(widgets, "main", {{".circleci/config.yml", config_}}); });
  restart();
  world_->pipelines.recover();
  const auto listed = world_->pipelines.reader.list({.project_id = widgets.id, .limit = 20});
  ASSERT_THAT(listed.value(), SizeIs(1));
  EXPECT_EQ(listed->front().pipeline.actor_name, "bob");
}

}  // namespace
}  // namespace imp::ci
