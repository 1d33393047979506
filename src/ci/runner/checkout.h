#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/runner/sandbox.h"

namespace imp::ci::runner {

struct CheckoutPlan {
  const Sandbox& sandbox;
  const JobDirectories& directories;
  const Checkout& checkout;
  std::uint32_t step = 0;                                  ///< makes names unique within the job
  std::string target;                                      ///< absolute, inside the sandbox
  std::vector<std::string> protocols = {"http", "https"};  ///< that fetch_url may use
};

/// Puts the revision into the target directory, in two halves that never mix. On the host, git
/// fetches with the ticket's credential into a bare repository that no job can write or see. Inside
/// the sandbox, as the job, git takes a bundle of it into the working tree: whatever the job left
/// there (hooks, filters, settings) runs with the job's rights alone.
///
/// An existing repository is fetched into and reset; a directory with other content fails. Returns
/// how the inner half ended. Failure: `checkout_failed` when the outer half did.
Result<ProcessEnd> run_checkout(const CheckoutPlan& plan, const Watch& watch,
                                const std::function<void(std::string_view)>& sink);

}  // namespace imp::ci::runner
