#include "demo/project_files.h"

#include <gtest/gtest.h>

namespace imp::demo {
namespace {

TEST(ProjectFiles, TheConfigurationIsTheGuides) {
  const ProjectFile config = config_file(
      "cimg/node:24.16",
      {{.steps = publish_step("Publish to npm", "localhost", "publish --access public")}});
  EXPECT_EQ(config.path, ".circleci/config.yml");
  EXPECT_EQ(config.content, R"(version: 2.1

jobs:
  publish:
    docker:
      - image: cimg/node:24.16
    steps:
      - checkout
      - run: npm ci
      - run: npm test
      - run: npm run build --if-present
      - run:
          name: Publish to npm
          command: |
            export NPM_ID_TOKEN=$(circleci run oidc get --claims '{"aud": "npm:localhost"}')
            npm publish --access public

workflows:
  release:
    jobs:
      - publish:
          context: [trusted-publishing-guard]
          filters: pipeline.git.branch == "main"
)");
}

TEST(ProjectFiles, AJobWithoutConditionsIsAName) {
  const ProjectFile config =
      config_file("cimg/node:22.14", {{.name = "open", .guarded = false, .main_only = false}});
  EXPECT_NE(config.content.find("    jobs:\n      - open\n"), std::string::npos) << config.content;
}

}  // namespace
}  // namespace imp::demo
