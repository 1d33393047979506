#include "demo/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "ci/runner/node_version.h"
#include "ci/runner/process.h"
#include "demo/npm_choice.h"
#include "demo/steps.h"

namespace imp::demo {

namespace {

struct Stage {
  int step;
  Outcome<std::string> (*run)(World&);
};

constexpr std::string_view kTitles[] = {
    "First version by hand, trusted publisher, guarded context",
    "Push to main publishes without a secret",
    "Other branch, other project, other person",
    "Rerun with SSH",
    "A token used twice, a token kept too long",
    "Stage from the pipeline, approve by hand",
    "A fork's pull request",
    "Version from the build number",
    "Deploy marker",
    "Audit log",
};

/// Step 5 waits for its second token before step 6 takes the publisher away for a moment: a token
/// that is both too old and nobody's is refused for the latter.
constexpr Stage kStages[] = {
    {1, first_version}, {2, release_from_main}, {3, withheld_contexts}, {4, ssh_rerun},
    {5, used_twice},    {5, held_too_long},     {6, staged_release},    {7, fork_pull_request},
    {8, build_numbers}, {9, deploy_marker},     {10, audit_log},
};

Outcome<void> await_server(http::Client& client, const std::string& url) {
  const auto answer = client.fetch({.url = url + "/-/ready"});
  if (!answer) return relay(answer, "a server at " + url);
  return expect(answer->status == 200, "a server that is ready at " + url,
                fmt::format("{} {}", answer->status, answer->body));
}

/// Names that are free together.
Outcome<Names> free_names(Operator& operator_) {
  for (int number = 1;; ++number) {
    const std::string suffix = number == 1 ? "" : std::to_string(number);
    Names names;
    bool taken = false;
    for (std::string* name : {&names.alice, &names.bob, &names.organization, &names.forks}) {
      *name += suffix;
      const auto is_taken = operator_.is_taken(*name);
      if (!is_taken) return relay(is_taken);
      taken = taken || *is_taken;
    }
    if (!taken) return names;
  }
}

/// "localhost" of "http://localhost:4873": the audience names the host without its port.
std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  const std::size_t bracket = url.starts_with('[') ? url.find(']') : 0;
  return std::string(url.substr(0, url.find(':', bracket == url.npos ? 0 : bracket)));
}

Outcome<void> leave_notes(const World& world) {
  std::string text = fmt::format(
      "The people of the demo walk at {}.\n\n"
      "{} (administrator)\n  password: {}\n  authenticator: {} (base 32)\n  recovery codes:\n",
      world.url, world.alice.name, world.alice.password, world.authenticator->secret());
  for (const std::string& code : world.authenticator->recovery_codes()) {
    text += "    " + code + "\n";
  }
  text += fmt::format("\n{}\n  password: {}\n", world.bob.name, world.bob.password);
  const auto path = std::filesystem::path(world.data) / "demo-people.txt";
  if (auto written = write_file(path, text, true); !written) return written;
  world.say.note(fmt::format("Sign in at {}/ as {} or {}; their passwords are in {}.", world.url,
                             world.alice.name, world.bob.name, path.string()));
  return {};
}

void enter(Row& row, const Outcome<std::string>& done) {
  if (!done) {
    row.verdict = Verdict::surprised;
    row.text = clipped("expected " + done.error().expected + "; came " + done.error().came, 160);
  } else if (row.verdict != Verdict::surprised) {
    row.verdict = Verdict::as_expected;
    row.text += (row.text.empty() ? "" : "; ") + *done;
  }
}

std::vector<Row> run_stages(World& world) {
  std::vector<Row> rows;
  rows.reserve(std::size(kTitles));
  for (std::size_t i = 0; i < std::size(kTitles); ++i) {
    rows.push_back({static_cast<int>(i) + 1, std::string(kTitles[i]), Verdict::not_run, {}});
  }
  for (const Stage& stage : kStages) {
    Row& row = rows[static_cast<std::size_t>(stage.step) - 1];
    world.say.step(stage.step, row.title);
    const auto done = stage.run(world);
    enter(row, done);
    if (!done) world.say.bad(done.error());
    // Nothing else can be walked without the first step's people and identifiers.
    if (!done && stage.step == 1) return rows;
    if (stage.step != 1) continue;
    if (const auto holds = hold_a_token(world); !holds) world.say.bad(holds.error());
  }
  return rows;
}

Outcome<bool> walk_through(const WalkOptions& options, Operator& operator_, http::Client& client,
                           const Clock& clock, Narrator& say) {
  constexpr std::string_view kImage = "an image of CircleCI's for Node, like cimg/node:24.16";
  if (!ci::runner::is_node_image(options.image)) {
    return surprise(std::string(kImage), options.image);
  }
  if (const auto image = ci::runner::node_pattern(options.image); !image) {
    return relay(image, std::string(kImage));
  }
  if (const auto there = await_server(client, options.url); !there) return relay(there);
  const auto names = free_names(operator_);
  if (!names) return relay(names);
  auto npm = choose_npm(options.npm, options.data + "/runner/cache", clock, say);
  if (!npm) return relay(npm);
  auto git = ci::runner::find_program("git");
  if (!git) return surprise("git on this machine", "it is not installed");
  const auto place = TemporaryDirectory::make();
  if (!place) return relay(place);
  Api api(client, say, options.url);
  const Programs programs({std::move(*npm), std::move(*git), options.imprimatur}, *place,
                          options.url, say);
  World world{.names = *names,
              .url = options.url,
              .host = host_of(options.url),
              .data = options.data,
              .image = options.image,
              .token_age = options.token_age,
              .clock = clock,
              .say = say,
              .api = api,
              .programs = programs,
              .operator_ = operator_};
  const auto rows = run_stages(world);
  say.table(rows);
  if (world.authenticator) {
    say.title("");
    if (const auto left = leave_notes(world); !left) return relay(left);
  }
  return std::ranges::all_of(rows,
                             [](const Row& row) { return row.verdict == Verdict::as_expected; });
}

}  // namespace

bool walk(const WalkOptions& options, Operator& operator_, http::Client& client, const Clock& clock,
          Narrator& say) {
  say.title(fmt::format("Publishing to npm from CI without a stored secret, at {}", options.url));
  const auto done = walk_through(options, operator_, client, clock, say);
  if (!done) say.bad(done.error());
  return done && *done;
}

}  // namespace imp::demo
