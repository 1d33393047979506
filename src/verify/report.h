#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imp::verify {

enum class Outcome : std::uint8_t {
  passed,
  failed,
  skipped,  ///< there is nothing to check, or nothing to check it with; the text says which
};

struct Check {
  std::string name;  ///< "tarball", "signature", …; see docs/guide/provenance.md
  Outcome outcome = Outcome::skipped;
  std::string told;  ///< a sentence: what holds, or what does not
};

/// What was checked of one version, in order.
struct Report {
  std::string release;  ///< "@acme/widget@1.0.0"
  std::string registry;
  std::vector<Check> checks;
  std::string checkpoint;  ///< the signed one that was verified; empty when there was none

  /// Nothing failed, and at least the tarball and its signature passed.
  bool good() const;
  void add(std::string_view name, Outcome outcome, std::string told);
  /// A check of this name that was skipped, or that was not made at all, has failed.
  void require(const std::string& name);
  /// A line for each check, whatever a registry put into what is told.
  std::string text() const;
  /// {"release", "registry", "good", "checks": [{"check", "outcome", "told"}]}
  std::string json() const;
};

}  // namespace imp::verify
