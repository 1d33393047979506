#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ci/pipelines/services.h"
#include "ci/pipelines/triggers.h"

namespace imp::ci {

/// Pipelines of pushes to hosted repositories: one for each definition of the project and each
/// branch or tag that is new or moved, unless the commit says "[skip ci]" or "[ci skip]" in the
/// first 250 characters of its message.
///
/// What was pushed is the difference of the refs before and after. One push of a project at a time,
/// so that nobody's commits run in another one's name. The refs before it, with who pushes, are
/// stored before git starts: a crash at any point loses neither the push nor its pipelines.
class Pushes {
 public:
  Pushes(const PipelineServices& services, Triggers& triggers)
      : services_(services), triggers_(triggers) {}

  /// Pushes of one project that may wait for the one before them: each holds a thread.
  static constexpr std::size_t waiting_limit = 2;

  /// Runs `receive` (git's receive-pack) and starts the pipelines of what it changed, whether it
  /// succeeded or not. A failure here means that git was not run (`push_under_way`: another push
  /// took longer than `patience`, or enough of them wait for it), or that the pipelines could not
  /// be recorded; they are then when the project is next pushed to or at the next start.
  Result<std::vector<Pipeline>> around(const Project& project, const accounts::Actor& by,
                                       const std::function<void()>& receive,
                                       Milliseconds patience = std::chrono::seconds(10));

  /// Ends what a crash left half done; once, before the server takes requests.
  void recover();

 private:
  struct Push {
    std::string id, project_id, actor_id, actor_name;
    std::vector<Ref> before;
  };

  struct Turn {
    std::timed_mutex mutex;
    std::size_t pushes = 0;  ///< that have it or wait for it; guarded by mutex_
  };
  class Place;

  std::shared_ptr<Turn> turn_of(const std::string& project_id);
  Result<Push> begin(const Project& project, const accounts::Actor& by);
  Result<std::vector<Pipeline>> finish(const Push& push);
  Result<void> finish_left_over(const std::string& project_id);
  std::vector<NewPipeline> pipelines_of(const Push& push, const std::vector<Ref>& after,
                                        const std::vector<PipelineDefinition>& definitions,
                                        const accounts::Actor& by) const;

  const PipelineServices& services_;
  Triggers& triggers_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Turn>> turns_;  ///< guarded by mutex_
};

/// Whether a commit asks for no pipeline.
bool asks_to_skip(const Commit& commit);

}  // namespace imp::ci
