#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::registry {

/// A package name that passed the rules of the npm registry: "left-pad" or "@acme/left-pad".
/// Immutable; compared byte by byte (names are case-sensitive).
class PackageName {
 public:
  /// A name that may be given to a new package (validate-npm-package-name, "validForNewPackages"):
  /// 1 to 214 characters of a-z 0-9 - _ . (and one @scope/), not starting with . - or _, neither
  /// reserved nor a module of Node itself. The refusal says which rule was broken.
  static Result<PackageName> for_new(std::string_view text);
  /// A name that an old package may have ("validForOldPackages"): also capitals, ~'!()*, the names
  /// of Node's modules, and up to 512 characters. Never a name that could be mistaken for a path:
  /// no part is empty, "-", or starts with a dot.
  static Result<PackageName> for_read(std::string_view text);

  const std::string& text() const { return text_; }  ///< "@acme/left-pad"
  std::string_view scope() const;  ///< "acme", without the @; empty for an unscoped name
  std::string_view base() const;   ///< "left-pad"
  bool scoped() const { return slash_ != 0; }
  /// The form in npm's URLs: "@acme%2fleft-pad".
  std::string escaped() const;
  /// The package URL of a version, as npm writes it: "pkg:npm/%40acme/left-pad@1.0.0".
  std::string purl(std::string_view version) const;
  /// "left-pad-1.0.0.tgz"
  std::string tarball_file(std::string_view version) const;
  /// "/@acme/left-pad/-/left-pad-1.0.0.tgz": what lock files keep, so it never changes.
  std::string tarball_path(std::string_view version) const;
  /// The version within a tarball's file name, when it has the form of tarball_file(); nothing
  /// otherwise. The version is not checked further.
  std::optional<std::string_view> version_of_tarball(std::string_view file) const;

  bool operator==(const PackageName& other) const { return text_ == other.text_; }

 private:
  PackageName(std::string_view text, std::size_t slash) : text_(text), slash_(slash) {}

  std::string text_;
  std::size_t slash_;  ///< where the slash of a scoped name is; 0 when unscoped
};

/// Whether a text that names a package or a scope names a scope, "@acme": it has an at sign first
/// and no slash. Whether an organisation can have that name is for accounts/name.h to say.
bool is_scope(std::string_view text);

/// The same for a name that is known to be one, without making a PackageName.
std::optional<std::string_view> version_of_tarball(std::string_view name, std::string_view file);

}  // namespace imp::registry
