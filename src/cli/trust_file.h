#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "base/yaml_document.h"

namespace imp::cli {

/// A trust.yaml: which publishers packages and scopes have.
///
///     publishers:            # by name, for packages and scopes that share them
///       release: { type: github, claims: { … }, permissions: [createPackage], issuer: … }
///     scopes:                # of organisations: for all packages in them
///       "@acme": [release]
///     packages:
///       "@acme/widget": [release, { type: … }]
///       "@acme/old": []
///
/// Values of claims are texts, `true` and `false`, lists and maps.
class TrustFile {
 public:
  /// `unusable_argument` with "<name>:<line>:<column>: ", what is wrong there and what is allowed.
  static Result<TrustFile> parse(std::string_view text, std::string_view name);

  /// A package, whether or not it exists, or a scope: "@acme".
  struct Entry {
    std::string name;
    boost::json::array publishers;  ///< as the API takes them
  };
  const std::vector<Entry>& packages() const { return packages_; }
  const std::vector<Entry>& scopes() const { return scopes_; }

  /// "<name>:<line>:<column>" of a package or scope, or of one of its publishers, or of the claim
  /// of it that the registry's message names.
  std::string place(std::string_view entry, const boost::json::value* publisher,
                    std::string_view message) const;

 private:
  std::unexpected<Failure> malformed(const YamlNode& at, const std::string& what) const;
  std::string place_of(const YamlNode& at) const;
  Result<void> read_names();
  Result<std::vector<Entry>> read_entries(std::string_view section) const;
  Result<Entry> read_entry(const YamlNode& name, const YamlNode& value) const;
  Result<boost::json::object> read_publisher(const YamlNode& node) const;
  Result<boost::json::value> read_value(const YamlNode& node) const;
  /// The list of a package or scope with its name; null where the file has none.
  const YamlMember* find(std::string_view entry) const;
  /// The map of an element of an entry's list: itself, or the one that it names.
  const YamlNode* map_of(const YamlNode& element) const;

  std::string name_;
  YamlNode root_;
  std::vector<Entry> packages_, scopes_;
};

/// The text of a trust.yaml for what the API lists (`GET /-/trust/publishers`): publishers that
/// several packages or scopes share have a name.
std::string trust_file_text(const boost::json::value& listed);

}  // namespace imp::cli
