#include "ci/projects/projects.h"

#include <gmock/gmock.h>

#include <thread>

#include "ci/contexts/ci_store.h"
#include "ci/projects/definitions.h"
#include "ci/projects/variables.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ProjectsTest : public CiStore {
 protected:
  explicit ProjectsTest(Place place = Place::memory) : CiStore({project_migrations()}, place) {}

  NewProject wanted(std::string name = "widgets") {
    return {.organization_id = organization_,
            .organization_name = "acme",
            .name = std::move(name),
            .slug = {},
            .repository_url = "https://github.com/acme/widgets.git",
            .vcs_origin = {}};
  }
  Project project(std::string name = "widgets") {
    return projects_.create(wanted(std::move(name)), alice_).value();
  }

  Repositories repositories_{directory() + "/git"};
  Projects projects_{*database_, repositories_, clock_, "https://ci.example:4873"};
  PipelineDefinitions definitions_{*database_, clock_};
  ProjectVariables variables_{*database_, sealer_, clock_};
};

TEST_F(ProjectsTest, ForeignRepository) {
  const Project created = project();
  EXPECT_EQ(created.slug, "circleci/acme/widgets");
  EXPECT_EQ(created.vcs_origin, "github.com/acme/widgets");
  EXPECT_FALSE(created.hosted);
  EXPECT_FALSE(created.settings.build_fork_prs);
  EXPECT_FALSE(created.settings.pass_secrets_to_forks);
  EXPECT_FALSE(created.settings.disable_ssh);
  EXPECT_FALSE(repositories_.exists(created.id));
}

TEST_F(ProjectsTest, HostedRepository) {
  NewProject hosted = wanted();
  hosted.repository_url.clear();
  const Project created = projects_.create(hosted, alice_).value();
  EXPECT_TRUE(created.hosted);
  EXPECT_EQ(created.vcs_origin, "ci.example:4873/acme/widgets");
  EXPECT_EQ(created.repository_url, "https://ci.example:4873/git/acme/widgets.git");
  EXPECT_TRUE(repositories_.exists(created.id));
  EXPECT_EQ(projects_.find_hosted("acme", "widgets")->id, created.id);
  EXPECT_EQ(projects_.find_hosted("acme", "nosuch").error().code(), "project_not_found");
}

TEST_F(ProjectsTest, RefusedHostedProjectLeavesNoRepository) {
  NewProject hosted = wanted();
  hosted.repository_url.clear();
  ASSERT_TRUE(projects_.create(hosted, alice_));
  EXPECT_EQ(projects_.create(hosted, alice_).error().code(), "project_exists");
  int repositories = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory() + "/git")) {
    repositories += entry.is_directory();
  }
  EXPECT_EQ(repositories, 1);
}

TEST_F(ProjectsTest, HasOneDefinitionFromTheStart) {
  const auto definitions = definitions_.list(project().id).value();
  ASSERT_EQ(definitions.size(), 1u);
  EXPECT_EQ(definitions[0].name, "default");
  EXPECT_EQ(definitions[0].config_path, ".circleci/config.yml");
}

TEST_F(ProjectsTest, CannotSpeakForARepositoryOfThisServer) {
  NewProject liar = wanted("gadgets");
  liar.vcs_origin = "ci.example:4873/victim/widgets";
  EXPECT_EQ(projects_.create(liar, alice_).error().code(), "invalid_vcs_origin");
  liar.vcs_origin.clear();
  liar.repository_url = "https://CI.example:4873/victim/widgets.git";
  EXPECT_EQ(projects_.create(liar, alice_).error().code(), "invalid_vcs_origin");
  liar.repository_url.clear();  // hosted, but with an origin of its own
  liar.vcs_origin = "github.com/acme/gadgets";
  EXPECT_EQ(projects_.create(liar, alice_).error().code(), "invalid_vcs_origin");
}

TEST_F(ProjectsTest, RefusesMalformedInput) {
  const std::pair<std::string, std::function<void(NewProject&)>> cases[] = {
      {"invalid_project_name", [](NewProject& p) { p.name = "a/b"; }},
      {"invalid_project_slug", [](NewProject& p) { p.slug = "nonsense"; }},
      {"invalid_project_slug", [](NewProject& p) { p.slug = "circleci/victim/widgets"; }},
      {"invalid_repository_url", [](NewProject& p) { p.repository_url = "file:///etc"; }},
      {"invalid_vcs_origin", [](NewProject& p) { p.vcs_origin = "https://github.com/a/b"; }},
      {"invalid_ref_name", [](NewProject& p) { p.default_branch = "--all"; }},
      {"invalid_pipeline_definition", [](NewProject& p) { p.config_path = "../config.yml"; }},
  };
  for (const auto& [code, change] : cases) {
    NewProject bad = wanted();
    change(bad);
    EXPECT_EQ(projects_.create(bad, alice_).error().code(), code);
  }
  EXPECT_TRUE(projects_.list(organization_)->empty());
}

TEST_F(ProjectsTest, SlugsAndNamesAreUniqueWhateverTheirCase) {
  project();
  EXPECT_EQ(projects_.create(wanted("WIDGETS"), alice_).error().code(), "project_exists");
  NewProject other = wanted("gadgets");
  other.slug = "circleci/acme/Widgets";
  EXPECT_EQ(projects_.create(other, alice_).error().code(), "project_exists");
  other.slug = "gh/acme/widgets";
  EXPECT_TRUE(projects_.create(other, alice_));
}

TEST_F(ProjectsTest, FoundByEverySlug) {
  NewProject github = wanted();
  github.slug = "github/acme/widgets";
  const Project created = projects_.create(github, alice_).value();
  EXPECT_EQ(created.slug, "gh/acme/widgets");
  for (const std::string& slug :
       {std::string("gh/acme/widgets"), std::string("github/acme/widgets"),
        std::string("gh/Acme/Widgets"), "circleci/" + organization_ + "/" + created.id,
        created.id}) {
    const auto found = projects_.find_by_slug(slug);
    ASSERT_TRUE(found) << slug;
    EXPECT_EQ(found->id, created.id);
  }
  for (const std::string& slug :
       {std::string("gh/acme/nosuch"), std::string("nonsense"), std::string(),
        "circleci/" + other_organization_ + "/" + created.id}) {
    EXPECT_EQ(projects_.find_by_slug(slug).error().code(), "project_not_found") << slug;
  }
}

TEST_F(ProjectsTest, NameLikeAnotherProjectsIdHidesNothing) {
  const Project victim = project();
  // An organisation that is called like the victim's id, with a project called like its id.
  NewProject liar = wanted(victim.id);
  liar.organization_id = other_organization_;
  liar.organization_name = organization_;
  ASSERT_TRUE(projects_.create(liar, alice_));
  EXPECT_EQ(projects_.find_by_slug("circleci/" + organization_ + "/" + victim.id)->id, victim.id);
  EXPECT_EQ(projects_.find_by_slug(victim.id)->id, victim.id);
}

TEST_F(ProjectsTest, SettingsChangeAloneAndAreAudited) {
  const Project created = project();
  const auto changed =
      projects_.change_settings(created.id, {.build_fork_prs = true}, alice_).value();
  EXPECT_EQ(changed.settings, (ProjectSettings{.build_fork_prs = true}));
  ASSERT_TRUE(projects_.change_settings(created.id, {.pass_secrets_to_forks = true}, alice_));
  EXPECT_EQ(projects_.find(created.id)->settings,
            (ProjectSettings{.build_fork_prs = true, .pass_secrets_to_forks = true}));
  const std::size_t before = audited().size();
  ASSERT_TRUE(projects_.change_settings(created.id, {.build_fork_prs = true}, alice_));
  EXPECT_EQ(audited().size(), before);  // nothing changed
  const auto newest = audited("project.settings.update").front().record;
  EXPECT_EQ(newest.detail.at("forks_receive_secret_env_vars"), true);
  EXPECT_FALSE(newest.detail.contains("build_fork_prs"));
  EXPECT_EQ(projects_.change_settings("no such", {}, alice_).error().code(), "project_not_found");
}

TEST_F(ProjectsTest, NumbersCountFromOneForEachProject) {
  const Project one = project("one"), two = project("two");
  const auto next = [&](const Project& project) {
    return database_
        ->write([&](db::Session& session) -> Result<std::int64_t> {
          return Projects::next_job_number(session, project.id);
        })
        .value();
  };
  EXPECT_EQ(next(one), 1);
  EXPECT_EQ(next(one), 2);
  EXPECT_EQ(next(two), 1);
  const auto pipeline = database_->write([&](db::Session& session) -> Result<std::int64_t> {
    return Projects::next_pipeline_number(session, one.id);
  });
  EXPECT_EQ(*pipeline, 1);
}

TEST_F(ProjectsTest, RolledBackNumberIsGivenAgain) {
  const Project created = project();
  database_->write([&](db::Session& session) -> Result<void> {
    Projects::next_job_number(session, created.id);
    return refuse(ProjectRefusal::project_exists, "undone");
  });
  const auto number = database_->write([&](db::Session& session) -> Result<std::int64_t> {
    return Projects::next_job_number(session, created.id);
  });
  EXPECT_EQ(*number, 1);
}

TEST_F(ProjectsTest, ConcurrentNumbersAreAllDifferent) {
  const Project created = project();
  std::vector<std::int64_t> numbers(40);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        numbers[t * 10 + i] = *database_->write([&](db::Session& session) -> Result<std::int64_t> {
          return Projects::next_job_number(session, created.id);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ranges::sort(numbers);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(numbers[i], i + 1);
}

TEST_F(ProjectsTest, DefinitionsAreCreatedChangedAndRemoved) {
  const Project created = project();
  const auto release =
      definitions_.create(created.id, "release", "publishes", ".circleci/release.yml", alice_)
          .value();
  EXPECT_EQ(definitions_.find(created.id, release.id)->config_path, ".circleci/release.yml");
  EXPECT_EQ(definitions_.create(created.id, "release", "", "x.yml", alice_).error().code(),
            "pipeline_definition_exists");
  clock_.advance(Milliseconds(1));
  const auto changed =
      definitions_
          .change(created.id, release.id,
                  {.name = {}, .description = {}, .config_path = "other.yaml"}, alice_)
          .value();
  EXPECT_EQ(changed.name, "release");
  EXPECT_EQ(changed.description, "publishes");
  EXPECT_EQ(changed.config_path, "other.yaml");
  // What a trusted publisher names now runs another file: the log says which it was.
  EXPECT_EQ(
      audited("pipeline_definition.update").front().record.detail.at("old_config_path").as_string(),
      ".circleci/release.yml");
  ASSERT_TRUE(definitions_.remove(created.id, release.id, alice_));
  EXPECT_EQ(definitions_.find(created.id, release.id).error().code(),
            "pipeline_definition_not_found");
}

TEST_F(ProjectsTest, DefinitionsOfOtherProjectsAreNotFound) {
  const Project one = project("one"), two = project("two");
  const std::string id = definitions_.list(one.id)->front().id;
  EXPECT_FALSE(definitions_.find(two.id, id));
  EXPECT_FALSE(
      definitions_.change(two.id, id, {.name = "x", .description = {}, .config_path = {}}, alice_));
  EXPECT_FALSE(definitions_.remove(two.id, id, alice_));
  EXPECT_TRUE(definitions_.find(one.id, id));
  // All of the organisation's at once.
  EXPECT_EQ(projects_.count(one.organization_id).value(), 2);
  const auto all = definitions_.list_in(one.organization_id).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].project_id, all[1].project_id);
  EXPECT_TRUE(definitions_.list_in("another")->empty());
  EXPECT_EQ(projects_.count("another").value(), 0);
}

TEST_F(ProjectsTest, LastDefinitionStays) {
  const Project created = project();
  const std::string id = definitions_.list(created.id)->front().id;
  EXPECT_EQ(definitions_.remove(created.id, id, alice_).error().code(), "last_pipeline_definition");
}

TEST(ConfigPath, Rules) {
  for (const char* good : {".circleci/config.yml", "ci.yaml", "a/b/c.yml", "..yml"}) {
    EXPECT_TRUE(check_config_path(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("config.json"), std::string("/etc/x.yml"),
        std::string("../x.yml"), std::string("a/../x.yml"), std::string("./x.yml"),
        std::string("a//x.yml"), std::string("a\\x.yml"), std::string("a\nx.yml"),
        std::string(300, 'a') + ".yml"}) {
    EXPECT_FALSE(check_config_path(bad)) << bad;
  }
}

TEST_F(ProjectsTest, VariablesAreMaskedReplacedAndReleased) {
  const Project created = project();
  EXPECT_EQ(variables_.store(created.id, "TOKEN", "0123456789", alice_)->masked_value, "xxxx6789");
  ASSERT_TRUE(variables_.store(created.id, "TOKEN", "another value", alice_));
  ASSERT_TRUE(variables_.store(created.id, "A", "", alice_));
  EXPECT_EQ(variables_.list(created.id)->size(), 2u);
  EXPECT_EQ(variables_.find(created.id, "TOKEN")->masked_value, "xxxxalue");
  const auto values =
      database_->read([&](db::Session& session) { return variables_.values(session, created.id); });
  EXPECT_THAT(*values, ElementsAre(std::pair<std::string, std::string>("A", ""),
                                   std::pair<std::string, std::string>("TOKEN", "another value")));
  ASSERT_TRUE(variables_.remove(created.id, "TOKEN", alice_));
  EXPECT_EQ(variables_.remove(created.id, "TOKEN", alice_).error().code(),
            "project_variable_not_found");
  EXPECT_EQ(variables_.store(created.id, "1", "", alice_).error().code(),
            "invalid_project_variable");
  EXPECT_EQ(
      variables_.store(created.id, "A", std::string(32 * 1024 + 1, 'x'), alice_).error().code(),
      "invalid_project_variable");
  EXPECT_EQ(variables_.store(created.id, "A", std::string("x\0y", 3), alice_).error().code(),
            "invalid_project_variable");
  EXPECT_EQ(variables_.store("no such", "A", "", alice_).error().code(), "project_not_found");
}

TEST_F(ProjectsTest, VariablesAreLimitedInNumber) {
  const Project created = project();
  for (std::size_t i = 0; i < variables_per_project; ++i) {
    ASSERT_TRUE(variables_.store(created.id, "V" + std::to_string(i), "v", alice_));
  }
  EXPECT_EQ(variables_.store(created.id, "MORE", "v", alice_).error().code(),
            "too_many_project_variables");
  EXPECT_TRUE(variables_.store(created.id, "V0", "replaced", alice_));  // not one more
}

class ProjectsOnDiskTest : public ProjectsTest {
 protected:
  ProjectsOnDiskTest() : ProjectsTest(Place::disk) {}
};

TEST_F(ProjectsOnDiskTest, VariablesAreNowhereInTheClear) {
  const std::string secret = "aVerySecretValue0123456789";
  const Project created = project();
  ASSERT_TRUE(variables_.store(created.id, "NPM_TOKEN", secret, alice_));
  const std::string bytes = bytes_on_disk();
  EXPECT_THAT(bytes, HasSubstr("NPM_TOKEN"));
  EXPECT_THAT(bytes, Not(HasSubstr(secret)));
  EXPECT_THAT(bytes, Not(HasSubstr("xxxx6789")));  // nor its end
}

}  // namespace
}  // namespace imp::ci
