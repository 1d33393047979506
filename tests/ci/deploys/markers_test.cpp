#include "ci/deploys/markers.h"

#include <gmock/gmock.h>

#include "ci/contexts/ci_store.h"
#include "ci/deploys/timeline.h"

namespace imp::ci {
namespace {

using ::testing::HasSubstr;

class DeploysTest : public CiStore {
 protected:
  DeploysTest() : CiStore({deploy_migrations()}) {}

  DeployJob job(std::string workflow = "workflow-1", std::string id = "job-1") {
    return {.organization_id = organization_,
            .project_id = "project-1",
            .project_name = "widgets",
            .pipeline_id = "pipeline-1",
            .workflow_id = std::move(workflow),
            .job_id = std::move(id),
            .job_number = 7};
  }
  static DeployPlan to(std::string version, std::string environment = {},
                       std::string name = "default") {
    DeployPlan plan;
    plan.target_version = std::move(version);
    plan.environment_name = std::move(environment);
    plan.deploy_name = std::move(name);
    return plan;
  }
  static DeployUpdate update(std::string status, std::string name = "default") {
    DeployUpdate update;
    update.status = std::move(status);
    update.deploy_name = std::move(name);
    return update;
  }
  std::string live(const Deployment& deployment) {
    const auto version = timeline_.live_version(deployment.component_id, deployment.environment_id,
                                                deployment.namespace_name);
    return version->has_value() ? (*version)->name : "";
  }

  DeployMarkers markers_{*database_, clock_};
  DeployTimeline timeline_{*database_};
};

TEST_F(DeploysTest, PlannedRunningSuccess) {
  const Deployment planned = markers_.plan(job(), to("1.0.0", "production")).value();
  EXPECT_EQ(planned.status, DeployStatus::pending);
  EXPECT_EQ(planned.component_name, "widgets");
  EXPECT_EQ(planned.environment_name, "production");
  EXPECT_EQ(planned.namespace_name, "default");
  EXPECT_EQ(planned.strategy, "deployment");
  EXPECT_EQ(live(planned), "");
  EXPECT_EQ(markers_.update(job(), update("running"))->status, DeployStatus::running);
  EXPECT_EQ(live(planned), "");
  clock_.advance(Milliseconds(5000));
  // Also from another job of the same workflow.
  const Deployment done = markers_.update(job("workflow-1", "job-2"), update("Success")).value();
  EXPECT_EQ(done.status, DeployStatus::success);
  EXPECT_EQ(done.ended, clock_.now());
  EXPECT_EQ(live(planned), "1.0.0");
}

TEST_F(DeploysTest, FinalStatesAreFinal) {
  for (const std::string final : {"SUCCESS", "FAILED", "CANCELED"}) {
    ASSERT_TRUE(markers_.plan(job(final), to("1.0.0")));
    ASSERT_TRUE(markers_.update(job(final), update(final)));
    for (const std::string next : {"RUNNING", "SUCCESS", "FAILED", "CANCELED"}) {
      EXPECT_EQ(markers_.update(job(final), update(next)).error().code(), "deploy_finished")
          << final << " to " << next;
    }
  }
}

TEST_F(DeploysTest, StatusesWhateverTheirCase) {
  const std::pair<std::string, std::optional<DeployStatus>> cases[] = {
      {"running", DeployStatus::running},   {"RuNnInG", DeployStatus::running},
      {"success", DeployStatus::success},   {"FAILED", DeployStatus::failed},
      {"Canceled", DeployStatus::canceled}, {"pending", std::nullopt},
      {"CANCELLED", std::nullopt},          {"", std::nullopt},
      {"success ", std::nullopt},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(requested_status(text), expected) << text;
  ASSERT_TRUE(markers_.plan(job(), to("1.0.0")));
  EXPECT_EQ(markers_.update(job(), update("PENDING")).error().code(), "invalid_deploy_status");
}

TEST_F(DeploysTest, NamesAreUniqueInTheWorkflow) {
  ASSERT_TRUE(markers_.plan(job(), to("1.0.0")));
  EXPECT_EQ(markers_.plan(job("workflow-1", "job-2"), to("2.0.0")).error().code(), "deploy_exists");
  EXPECT_TRUE(markers_.plan(job(), to("2.0.0", "", "second")));
  EXPECT_TRUE(markers_.plan(job("workflow-2"), to("1.0.0")));
}

TEST_F(DeploysTest, UpdateNeedsAPlanOfThatNameInTheWorkflow) {
  EXPECT_EQ(markers_.update(job(), update("RUNNING")).error().code(), "deploy_not_found");
  ASSERT_TRUE(markers_.plan(job(), to("1.0.0")));
  EXPECT_EQ(markers_.update(job(), update("RUNNING", "other")).error().code(), "deploy_not_found");
  // As after "rerun from failed", where the plan is in the workflow before.
  EXPECT_EQ(markers_.update(job("workflow-2"), update("RUNNING")).error().code(),
            "deploy_not_found");
}

TEST_F(DeploysTest, TargetVersionIsRequired) {
  EXPECT_EQ(markers_.plan(job(), to("")).error().code(), "missing_target_version");
  EXPECT_EQ(markers_.log(job(), to("")).error().code(), "missing_target_version");
}

TEST_F(DeploysTest, FieldsAreBoundedText) {
  EXPECT_EQ(markers_.plan(job(), to(std::string(256, 'v'))).error().code(), "invalid_deploy_field");
  EXPECT_EQ(markers_.plan(job(), to("1\n2")).error().code(), "invalid_deploy_field");
  EXPECT_EQ(markers_.plan(job(), to("\xff")).error().code(), "invalid_deploy_field");
  DeployPlan plan = to("1.0.0");
  plan.namespace_name.clear();
  EXPECT_EQ(markers_.plan(job(), plan).error().code(), "invalid_deploy_field");
  ASSERT_TRUE(markers_.plan(job(), to("1.0.0")));
  DeployUpdate failed = update("FAILED");
  failed.failure_reason = std::string(2001, 'x');
  EXPECT_EQ(markers_.update(job(), failed).error().code(), "invalid_deploy_field");
}

TEST_F(DeploysTest, OmittedEnvironmentIsDefaultOrTheOnlyOne) {
  EXPECT_EQ(markers_.plan(job("w1"), to("1"))->environment_name, "default");
  EXPECT_EQ(markers_.plan(job("w2"), to("1"))->environment_name, "default");
  ASSERT_TRUE(markers_.plan(job("w3"), to("1", "production")));
  const auto refused = markers_.plan(job("w4"), to("1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "several_environments");
  EXPECT_THAT(refused.error().message,
              HasSubstr("Multiple environments found: default, production"));
  EXPECT_THAT(refused.error().message, HasSubstr("Please specify target environment"));
  // Another organisation's environments do not count.
  DeployJob foreign = job("w5");
  foreign.organization_id = other_organization_;
  foreign.project_id = "project-2";
  EXPECT_EQ(markers_.plan(foreign, to("1"))->environment_name, "default");
}

TEST_F(DeploysTest, OmittedComponentIsTheProjectOrTheOnlyOne) {
  DeployPlan named = to("1");
  named.component_name = "api";
  EXPECT_EQ(markers_.plan(job("w1"), named)->component_name, "api");
  EXPECT_EQ(markers_.plan(job("w2"), to("1"))->component_name, "api");
  named.component_name = "web";
  ASSERT_TRUE(markers_.plan(job("w3"), named));
  EXPECT_EQ(markers_.plan(job("w4"), to("1")).error().code(), "several_components");
}

TEST_F(DeploysTest, RefusedPlanCreatesNothing) {
  ASSERT_TRUE(markers_.plan(job("w1"), to("1", "production")));
  DeployPlan two = to("1", "staging");
  two.component_name = "api";
  ASSERT_TRUE(markers_.plan(job("w2"), two));
  // The environment would be new, but the component is ambiguous.
  ASSERT_FALSE(markers_.plan(job("w3"), to("1", "brand-new")));
  EXPECT_EQ(timeline_.environments(organization_)->size(), 2u);
}

TEST_F(DeploysTest, FailureKeepsWhatIsLiveUnlessToldOtherwise) {
  const Deployment first = markers_.plan(job("w1"), to("1.0.0")).value();
  ASSERT_TRUE(markers_.update(job("w1"), update("SUCCESS")));
  const Deployment second = markers_.plan(job("w2"), to("2.0.0")).value();
  EXPECT_EQ(second.previous_version, "1.0.0");
  DeployUpdate failed = update("FAILED");
  failed.failure_reason = "health check";
  EXPECT_EQ(markers_.update(job("w2"), failed)->failure_reason, "health check");
  EXPECT_EQ(live(first), "1.0.0");

  ASSERT_TRUE(markers_.plan(job("w3"), to("3.0.0")));
  DeployUpdate canceled = update("CANCELED");
  canceled.keep_target_version_live = true;
  ASSERT_TRUE(markers_.update(job("w3"), canceled));
  EXPECT_EQ(live(first), "3.0.0");
}

TEST_F(DeploysTest, KeepingTheTargetLiveCountsAtTheEndOnly) {
  const Deployment planned = markers_.plan(job(), to("1.0.0")).value();
  DeployUpdate running = update("RUNNING");
  running.keep_target_version_live = true;
  ASSERT_TRUE(markers_.update(job(), running));
  EXPECT_EQ(live(planned), "");
}

TEST_F(DeploysTest, LiveVersionsAreApartByNamespaceAndEnvironment) {
  const auto deploy = [&](std::string workflow, std::string version, std::string environment,
                          std::string namespace_name) {
    DeployPlan plan = to(std::move(version), std::move(environment));
    plan.namespace_name = std::move(namespace_name);
    const Deployment planned = markers_.plan(job(workflow), plan).value();
    EXPECT_TRUE(markers_.update(job(workflow), update("SUCCESS")));
    return planned;
  };
  const Deployment a = deploy("w1", "1", "production", "blue");
  const Deployment b = deploy("w2", "2", "production", "green");
  const Deployment c = deploy("w3", "3", "staging", "blue");
  EXPECT_EQ(live(a), "1");
  EXPECT_EQ(live(b), "2");
  EXPECT_EQ(live(c), "3");
}

TEST_F(DeploysTest, RollbackMakesTheOldVersionLiveAgain) {
  for (const std::string version : {"1", "2"}) {
    ASSERT_TRUE(markers_.plan(job(version), to(version)));
    ASSERT_TRUE(markers_.update(job(version), update("SUCCESS")));
    clock_.advance(Milliseconds(1000));
  }
  DeployPlan back = to("1");
  back.rollback = true;
  const Deployment rollback = markers_.plan(job("back"), back).value();
  EXPECT_TRUE(rollback.rollback);
  EXPECT_EQ(rollback.previous_version, "2");
  ASSERT_TRUE(markers_.update(job("back"), update("SUCCESS")));
  const auto versions = timeline_.versions(rollback.component_id).value();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].name, "1");
  EXPECT_TRUE(versions[0].live);
  EXPECT_FALSE(versions[1].live);
}

TEST_F(DeploysTest, LogHasNoStatusIsLiveAndCountsOncePerJob) {
  const Deployment logged = markers_.log(job(), to("1.0.0")).value();
  EXPECT_EQ(logged.status, DeployStatus::logged);
  EXPECT_EQ(live(logged), "1.0.0");
  EXPECT_EQ(markers_.log(job(), to("2.0.0"))->id, logged.id);
  EXPECT_EQ(live(logged), "1.0.0");
  EXPECT_TRUE(markers_.log(job("workflow-1", "job-2"), to("2.0.0")));
  EXPECT_EQ(live(logged), "2.0.0");
  // It is no plan: there is nothing to update.
  EXPECT_EQ(markers_.update(job(), update("RUNNING")).error().code(), "deploy_not_found");
}

TEST_F(DeploysTest, TimelineIsNewestFirstFilteredAndPaged) {
  for (int i = 1; i <= 5; ++i) {  // all within one millisecond
    ASSERT_TRUE(markers_.plan(job("w" + std::to_string(i)),
                              to(std::to_string(i), i % 2 ? "production" : "staging")));
  }
  const auto versions = [&](const TimelineQuery& query) {
    std::string text;
    for (const Deployment& deployment : timeline_.deployments(query).value()) {
      text += deployment.target_version;
    }
    return text;
  };
  const auto all = timeline_.deployments({.organization_id = organization_}).value();
  EXPECT_EQ(versions({.organization_id = organization_}), "54321");
  EXPECT_EQ(versions({.organization_id = organization_, .limit = 2}), "54");
  EXPECT_EQ(versions({.organization_id = organization_, .before_id = all[1].id, .limit = 2}), "32");
  EXPECT_EQ(versions({.organization_id = organization_, .environment_id = all[0].environment_id}),
            "531");
  EXPECT_EQ(versions({.organization_id = organization_, .project_id = "other"}), "");
  EXPECT_EQ(versions({.organization_id = other_organization_}), "");
  // Another organisation's place in the timeline tells nothing.
  EXPECT_EQ(versions({.organization_id = other_organization_, .before_id = all[0].id}), "");
}

TEST_F(DeploysTest, ComponentsAreFoundByPartOfTheirName) {
  for (const std::string name : {"Api-Server", "web"}) {
    DeployPlan plan = to("1");
    plan.component_name = name;
    ASSERT_TRUE(markers_.plan(job(name), plan));
  }
  const auto found = timeline_.components(organization_, "", "api").value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "Api-Server");
  EXPECT_EQ(found[0].release_count, 1);
  EXPECT_EQ(timeline_.components(organization_, "project-1", "")->size(), 2u);
  EXPECT_TRUE(timeline_.components(organization_, "other", "")->empty());
  EXPECT_EQ(timeline_.component("no such").error().code(), "component_not_found");
  EXPECT_EQ(timeline_.environment("no such").error().code(), "environment_not_found");
}

TEST_F(DeploysTest, ChangesAreAudited) {
  ASSERT_TRUE(markers_.plan(job(), to("1.0.0", "production")));
  ASSERT_TRUE(markers_.update(job(), update("SUCCESS")));
  ASSERT_TRUE(markers_.log(job(), to("1.0.1", "production")));
  const auto entries = audited("deploy.");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].record.action, "deploy.update");
  EXPECT_EQ(entries[1].record.detail.at("status"), "SUCCESS");
  EXPECT_EQ(entries[1].record.organization, organization_);
}

}  // namespace
}  // namespace imp::ci
