#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "demo/api.h"
#include "demo/authenticator.h"
#include "demo/narrator.h"
#include "demo/outcome.h"
#include "demo/pipeline_runs.h"
#include "demo/programs.h"
#include "demo/project_files.h"
#include "demo/working_copy.h"

namespace imp::demo {

/// What the walk does on the server's data directory, because there is no public route for it.
class Operator {
 public:
  virtual ~Operator() = default;
  /// Whether a person or an organisation has this name already.
  virtual Outcome<bool> is_taken(const std::string& name) = 0;
  /// Makes a person with a random password and a personal access token.
  virtual Outcome<Person> add_person(const std::string& name, bool administrator) = 0;
  virtual Outcome<void> add_member(const std::string& organization_id,
                                   const std::string& person) = 0;
};

/// The names of this walk: alice, bob, acme …, with a number behind them from the second walk on
/// one server on.
struct Names {
  std::string alice = "alice";
  std::string bob = "bob";
  std::string organization = "acme";
  std::string forks = "bobs-forks";

  std::string package() const { return "@" + organization + "/widget"; }
  std::string slug() const { return "circleci/" + organization + "/widget"; }
};

/// What a trusted publisher is made of, and what else the CI half gave names to.
struct Identifiers {
  std::string organization, project, definition, origin, context, group;
};

/// A job that keeps its identity token until it is too old.
struct HeldToken {
  std::string workflow_id;
  int seconds = 0;
};

struct World {
  const Names names;
  const std::string url;                 ///< of the server
  const std::string host;                ///< of the URL, without port
  const std::string data;                ///< directory
  const std::string image;               ///< of the jobs
  const std::chrono::seconds token_age;  ///< older identity tokens are refused
  const Clock& clock;
  Narrator& say;
  Api& api;
  const Programs& programs;
  Operator& operator_;

  Person alice{};                                ///< owns everything; in the release group
  Person bob{};                                  ///< member, outside the group
  std::optional<Authenticator> authenticator{};  ///< alice's
  Identifiers ids{};
  std::optional<WorkingCopy> widget{};
  JobRun release{};         ///< the job that published the first release
  std::string publisher{};  ///< id of the package's trusted publisher
  HeldToken held{};

  PipelineRuns runs() const { return {api, say, alice}; }
  /// The configuration of the guide.
  std::vector<RecipeJob> guide_jobs() const;
  /// Writes version and configuration, commits, pushes to main as alice; the revision.
  Outcome<std::string> push_release(const std::string& version, const std::vector<RecipeJob>& jobs,
                                    const std::string& message);
  /// The package's document, which must hold this version. Tells that it is live.
  Outcome<boost::json::value> live(const std::string& version);
  /// `npm trust circleci` with the four identifiers and the context.
  Outcome<void> trust(const std::string& permission_flag);
  /// `npm trust revoke` for that publisher.
  Outcome<void> revoke_trust();
};

}  // namespace imp::demo
