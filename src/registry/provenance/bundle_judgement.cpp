#include "registry/provenance/bundle_judgement.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include "base/clean_text.h"
#include "registry/provenance/publish_attestation.h"
#include "registry/provenance/signer_agreement.h"
#include "registry/publish/refusal.h"
#include "sigstore/refusal.h"

namespace imp::registry {

namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::unexpected<Failure> mismatch(std::string what) {
  return refuse(PublishRefusal::bad_provenance,
                fmt::format("Error verifying sigstore provenance bundle: {}", what));
}

Result<void> check_subject(const dsse::Statement& statement, const BundleSubject& subject) {
  const std::string purl = subject.name.purl(subject.version);
  if (statement.subject != purl) {
    return mismatch(fmt::format("its subject is \"{}\", expected \"{}\".",
                                clean_text(statement.subject, 300), purl));
  }
  if (statement.sha512 != subject.sha512) {
    return mismatch("its subject's digest is not that of the tarball.");
  }
  // Readers take a statement of these types for the registry's word.
  if (statement.predicate_type == kPublishPredicate ||
      statement.predicate_type == kTrustedPublishPredicate) {
    return mismatch(fmt::format("only the registry makes statements of type \"{}\".",
                                statement.predicate_type));
  }
  return {};
}

Result<dsse::Statement> unverified_statement(const sigstore::Bundle& bundle) {
  if (bundle.envelope.payload_type != dsse::kInTotoPayload) {
    return mismatch("its payload is not an in-toto statement.");
  }
  return dsse::parse_statement(bundle.envelope.payload);
}

std::optional<BundleJudgement> kept(const std::optional<db::Row>& row) {
  if (!row) return std::nullopt;
  return BundleJudgement::from_json(json::parse(row->text(0)).as_object());
}

}  // namespace

json::object BundleJudgement::to_json() const {
  return {{"verified", verified},
          {"reason", reason},
          {"predicateType", predicate_type},
          {"issuer", signer.issuer},
          {"subject", signer.subject},
          {"sourceRepository", signer.source_repository},
          {"sourceCommit", signer.source_commit},
          {"sourceRef", signer.source_ref},
          {"buildConfig", signer.build_config},
          {"runnerEnvironment", signer.runner_environment},
          {"run", signer.run},
          {"notChecked", json::value_from(not_checked)}};
}

BundleJudgement BundleJudgement::from_json(const json::object& kept) {
  BundleJudgement out;
  const json::value* verified = kept.if_contains("verified");
  out.verified = verified != nullptr && verified->is_bool() && verified->get_bool();
  out.reason = text(kept, "reason");
  out.predicate_type = text(kept, "predicateType");
  out.signer = {text(kept, "issuer"),
                text(kept, "subject"),
                text(kept, "sourceRepository"),
                text(kept, "sourceCommit"),
                text(kept, "sourceRef"),
                text(kept, "buildConfig"),
                text(kept, "runnerEnvironment"),
                text(kept, "run")};
  if (const json::value* list = kept.if_contains("notChecked")) {
    const auto names = json::try_value_to<std::vector<std::string>>(*list);
    if (names) out.not_checked = *names;
  }
  return out;
}

Result<BundleJudgement> judge_bundle(std::string_view text, const BundleSubject& subject,
                                     const sigstore::TrustedRoot* root,
                                     const std::optional<CiIdentity>& identity) {
  const auto bundle = sigstore::parse_bundle(text);
  if (!bundle) return pass_on(bundle);
  BundleJudgement judgement;
  Result<dsse::Statement> statement;
  if (root != nullptr) {
    auto verified = sigstore::verify_bundle(*bundle, *root);
    if (!verified) return pass_on(verified);
    judgement.verified = true;
    judgement.signer = std::move(verified->identity);
    judgement.not_checked = std::move(verified->not_checked);
    statement = std::move(verified->statement);
  } else {
    judgement.reason = "no trusted root is configured (provenance.trusted_root)";
    const auto certificate = sigstore::Certificate::parse(bundle->certificates.front());
    if (!certificate) return mismatch("its certificate cannot be read.");
    judgement.signer = certificate->identity();
    statement = unverified_statement(*bundle);
    if (!statement) return pass_on(statement);
  }
  if (const auto right = check_subject(*statement, subject); !right) return pass_on(right);
  if (identity) {
    if (const std::string differs = signer_disagrees(judgement.signer, *identity);
        !differs.empty()) {
      return mismatch(differs);
    }
  }
  judgement.predicate_type = statement->predicate_type;
  return judgement;
}

void keep_judgement(db::Session& session, std::string_view package_id, std::string_view version,
                    const BundleJudgement& judgement) {
  session.run(
      "INSERT INTO version_bundle (package_id, version, judgement) VALUES (:p1, :p2, :p3)",
      {std::string(package_id), std::string(version), json::serialize(judgement.to_json())});
}

std::optional<BundleJudgement> judgement_of(db::Session& session, std::string_view package_id,
                                            std::string_view version) {
  return kept(
      session.row("SELECT judgement FROM version_bundle WHERE package_id = :p1 AND version = :p2",
                  {std::string(package_id), std::string(version)}));
}

void keep_staged_judgement(db::Session& session, std::string_view stage_id,
                           const BundleJudgement& judgement) {
  session.run("INSERT INTO staged_bundle (stage_id, judgement) VALUES (:p1, :p2)",
              {std::string(stage_id), json::serialize(judgement.to_json())});
}

std::optional<BundleJudgement> staged_judgement(db::Session& session, std::string_view stage_id) {
  return kept(session.row("SELECT judgement FROM staged_bundle WHERE stage_id = :p1",
                          {std::string(stage_id)}));
}

std::map<std::string, BundleJudgement> judgements_of(db::Session& session,
                                                     std::string_view package_id) {
  std::map<std::string, BundleJudgement> out;
  for (const db::Row& row :
       session.rows("SELECT version, judgement FROM version_bundle WHERE package_id = :p1",
                    {std::string(package_id)})) {
    out.emplace(row.text(0), BundleJudgement::from_json(json::parse(row.text(1)).as_object()));
  }
  return out;
}

}  // namespace imp::registry
