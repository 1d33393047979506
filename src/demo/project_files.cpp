#include "demo/project_files.h"

#include <fmt/format.h>

namespace imp::demo {

namespace {

constexpr std::string_view kIndex = "module.exports = require('./package.json').version;\n";

constexpr std::string_view kTest = R"(const assert = require('node:assert');
const { test } = require('node:test');

test('the widget knows its version', () => {
  assert.match(require('..'), /^\d+\.\d+\.\d+$/);
});
)";

/// Says what the exchange answers, and never the token that it grants.
constexpr std::string_view kExchange = R"(// node exchange.mjs REGISTRY PACKAGE TIMES HELD_SECONDS
const [registry, name, times, held] = process.argv.slice(2);
for (let second = 0; second < Number(held); second += 10) {
  console.log(`held for ${second} s`);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}
const path = `-/npm/v1/oidc/token/exchange/package/${name.replace('/', '%2f')}`;
for (let time = 1; time <= Number(times); time++) {
  const answer = await fetch(new URL(path, registry), {
    method: 'POST', headers: { authorization: `Bearer ${process.env.NPM_ID_TOKEN}` },
  });
  const { code, message } = await answer.json();
  console.log(`exchange ${time}: ${answer.status} ${code ?? 'granted'}${message ? ` - ${message}` : ''}`);
}
)";

constexpr std::string_view kFirstSteps = R"(    steps:
      - checkout
      - run: npm ci
      - run: npm test
      - run: npm run build --if-present
)";

std::string manifest(std::string_view package, std::string_view version) {
  return fmt::format(R"({{
  "name": "{}",
  "version": "{}",
  "description": "One widget",
  "main": "index.js",
  "files": ["index.js"],
  "scripts": {{ "test": "node --test" }}
}}
)",
                     package, version);
}

std::string lock_file(std::string_view package, std::string_view version) {
  return fmt::format(R"({{
  "name": "{0}",
  "version": "{1}",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {{ "": {{ "name": "{0}", "version": "{1}" }} }}
}}
)",
                     package, version);
}

std::string token_line(std::string_view host) {
  return fmt::format(
      R"(export NPM_ID_TOKEN=$(circleci run oidc get --claims '{{"aud": "npm:{}"}}'))", host);
}

}  // namespace

std::vector<ProjectFile> package_files(std::string_view package, std::string_view version,
                                       std::string_view registry_url) {
  return {{"package.json", manifest(package, version)},
          {"package-lock.json", lock_file(package, version)},
          {".npmrc", fmt::format("registry={}/\n", registry_url)},
          {"index.js", std::string(kIndex)},
          {"test/widget.test.js", std::string(kTest)},
          {"exchange.mjs", std::string(kExchange)}};
}

ProjectFile config_file(std::string_view image, const std::vector<RecipeJob>& jobs) {
  std::string text = "version: 2.1\n\njobs:\n";
  for (const RecipeJob& job : jobs) {
    text += fmt::format("  {}:\n    docker:\n      - image: {}\n{}{}", job.name, image, kFirstSteps,
                        job.steps);
  }
  text += "\nworkflows:\n  release:\n    jobs:\n";
  for (const RecipeJob& job : jobs) {
    text += fmt::format("      - {}{}\n", job.name, job.guarded || job.main_only ? ":" : "");
    if (job.guarded) text += fmt::format("          context: [{}]\n", guard_context);
    if (job.main_only) text += "          filters: pipeline.git.branch == \"main\"\n";
  }
  return {".circleci/config.yml", text};
}

std::string run_step(std::string_view name, const std::vector<std::string>& lines) {
  std::string text = fmt::format("      - run:\n          name: {}\n          command: |\n", name);
  for (const std::string& line : lines) text += "            " + line + "\n";
  return text;
}

std::string publish_step(std::string_view name, std::string_view host, std::string_view arguments) {
  return run_step(name, {token_line(host), fmt::format("npm {}", arguments)});
}

std::string holdings_step() {
  // The names that npm credentials go by; this file itself is left out of the search.
  return run_step(holdings_name,
                  {"env | sort", "npm config list",
                   "found=$(env | grep -i -e npm_token -e node_auth_token -e _authtoken || true)",
                   "found=$found$(grep -rIl -e _authToken -e _password --exclude-dir=.circleci "
                   "--exclude-dir=.git "
                   "\"$HOME\" /tmp || true)",
                   fmt::format("[ -z \"$found\" ] && echo '{}'", no_token_found)});
}

std::string exchange_step(std::string_view name, std::string_view host, std::string_view package,
                          int times, int held_seconds) {
  return run_step(name, {token_line(host),
                         fmt::format("node exchange.mjs \"$(npm config get registry)\" {} {} {}",
                                     package, times, held_seconds)});
}

}  // namespace imp::demo
