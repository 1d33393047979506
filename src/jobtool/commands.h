#pragma once

#include <string>
#include <vector>

namespace imp::jobtool {

using Words = std::vector<std::string>;

// One function a command. `words` is what follows the command's own words; the result is the exit
// code: 0, 1 when the runner or the server refused, 2 when the command line is wrong.

/// `circleci run oidc get [--claims JSON] [--root-issuer]`: an identity token on standard output.
int run_oidc_get(const Words& words);
/// `circleci run release plan|update|log …`: deploy markers.
int run_release(const Words& words);
/// `circleci env subst [TEXT]`: standard input, or the text, with variables put in.
int env_subst(const Words& words);
/// `circleci step halt`: ends the job as a success after this step.
int step_halt(const Words& words);
/// `circleci internal launch USER PROCESSES DIRECTORY -- PROGRAM…`: how the runner starts every
/// command inside the sandbox. Limits itself to PROCESSES, becomes USER ("-": stays), enters
/// DIRECTORY, takes the environment from descriptor 3.
int internal_launch(const Words& words);

/// Says a problem on standard error and returns the exit code for it.
int usage_error(const std::string& problem, const std::string& usage);
int refusal(const std::string& problem);

}  // namespace imp::jobtool
