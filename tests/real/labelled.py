"""A labelled sample of the real repository, made by hand: what a question should find, and what a document is about.

The questions are our own words. Paths are globs below reports/; a question counts as answered by any of them. Rows
take turns: the even ones were looked at while the built-in embedder was made, the odd ones are held out.
"""

from __future__ import annotations

from fnmatch import fnmatch

# question | paths that answer it
_QUESTIONS = """
metrics-echo READY | metrics-echo/metrics_echo_ready* p2_3_metrics-echo*
is the metrics echo service ready? | metrics-echo/metrics_echo_ready* p2_3_metrics-echo*
success rate and latency of metrics-echo | metrics-echo/metrics_echo_sli*
metrics-echo の SLI はどうなっている | metrics-echo/metrics_echo_sli*
container image tags of metrics-echo in the registry | p3_3_ghcr_tags_metrics-echo*
metrics-echo の RPS を監視できるようにした | p3_1_metrics-echo_rps*
hello service applied by the codex runner in dev | codex_runs/*hello*
hello を dev に適用した実行ログ | codex_runs/apply_hello*
hello KService is READY | p2_2_hello_ready* phase2/hello_ready* p2_2_hello_2025* p4_1_hello_ksvc* p2_2_evidence*
hello-ai answered by OpenAI successfully | p2_2_ai_enabled* p2_2_evidence* p2_2_openai* p2_2_hello_ai*
fallback when the OpenAI key is invalid | p2_5_failpaths*
persist-report の結果 | persist_report_result* persist-report/*
what did persist report do with the ask for PR 787 | persist_report_result*
箱根駅伝の今週のまとめ | hakone-e2/*weekly*
箱根の感情データの集め方とシーンの形式 | hakone-e2/*weekly*
weekly report of the hakone project | hakone-e2/*weekly*
vpm-mini の週次レポート | vpm-mini/*weekly*
PM Kai と Aya と Sho の役割分担 | vpm-mini/*weekly* doc_update_proposals/*
weekly summary of the PM work on snapshots and documents | vpm-mini/*weekly* doc_update_proposals/*
proposal to update the STATE and weekly documents | doc_update_proposals/* vpm-mini/*weekly*
egspace の索引と δ の計算 | p3_6b_egspace* p3_6_state_update* p3_6c_ui* demo_v1_state*
which items pull the position closer to the goal | p3_6b_egspace* p3_6_state_update* p3_6c_ui*
watcher service moved from compose to knative | p5_3_migration_watcher* p5_3_watcher*
watcher の実イメージへの差し替え | p5_3_watcher*
migration of curator, planner, synthesizer and archivist | p5_3_bulk*
pin container digests for all services | p5_3_digest_pin* p5_trial_hardening*
grafana dashboard rendered automatically as a picture | p3_2_grafana_auto_render*
Grafana パネルの証跡 | p2_4_grafana_panel* p3_2_grafana* p1_grafana*
find out which grafana dashboards exist | *p1_dashboard_discovery*
JSON error rate metric from prometheus | p1_*json_error* p1_kpi*
プロメテウスで JSON エラー率を測る | p1_*json_error* p1_kpi*
ROUGE-L metric pushed to prometheus | p1_8_rouge* p2_3_rougel* s10_metrics* phase0_sanity*
ROUGE による要約品質 | p1_8_rouge* phase0_sanity* quality.json e2e_human_review* s10_metrics* p2_3_rougel*
decision demo set up | vpm_decision_demo_setup*
なぜ Phase 0 に戻すと決めたか | 2025-09-02_decision* retro_phase2*
型マッピングの決定 redshift 移行 | projects/redshift*
redshift migration status | projects/redshift*
spire identity installed | p3_2_1_spire* p3_2_2_spire* snap_phase3-1*
chaos experiment: pod killed | p3_3_chaos* phase3_chaos* snap_phase3-4* p3_3_podkill* p3_4_chaos*
カオス試験の監査ダッシュボード | p3_4_chaos*
gatekeeper denies images from foreign registries | p3_1_guardrails_* snap_phase3-2*
canary promoted to all traffic | phase4_canary* snap_phase4-6* snap_phase4-5* snap_p6-2*
failover to the second cluster | phase5_failover* snap_phase5-5* snap_p6-3*
argo cd installed and hardened | p4_2a* phase4_argocd* snap_phase4-2*
Argo CD から通知を送る | p4_2d*
autoscaling load test of knative | p2_autoscale* p5_1_autoscale* evidence_p2-5* snap_phase2-6* snap_phase2-7*
how long does a cold start take | p2_coldstart*
secrets with SOPS and external secrets operator | p4_c_secrets* p5_4_secrets*
秘密情報の管理方式の選定 | p5_4_secrets* p4_c_secrets*
pull request guard against a missing definition of done | p5_pr_guard* p5_pre_dod* p5_auto_pr*
マージ済みでない PR の後始末 | normalize_superseded*
autopilot live run opened a pull request | *autopilot_l1_live* *autopilot_l1_ops*
オートパイロットが失敗する原因はトークンの権限 | autopilot_l1_ghtoken*
workflow dispatch not visible in the actions tab | actions_autopilot_l1_*
SLO runbook for five services | p5_slo_runbook* p5_2_slo*
phase guard conflict resolved | phase_guard_*
日本語入力の UI 動作確認 | p5_2_ui* trial_tasks/*
task created in the user interface returned 201 | p5_2_ui* trial_tasks/*
rps load of 800 sustained | phase4_load* phase4_scale* snap_phase4-7*
provenance of decisions signed and stored | snap_phase3-3* phase3_prov* prov_p3*
"""

# subject | paths about it
_SUBJECTS = """
hello-s5 | codex_runs/*hello*/*.log p2_2_hello_2025* p2_2_hello_ready* phase2/hello_ready.md p4_1_hello_ksvc* p2_obs_hello_up* evidence_p2-4_hello*
metrics-echo | metrics-echo/* p2_3_metrics-echo* p3_1_metrics-echo* p3_3_ghcr_tags*
persist-report | persist_report_result* persist-report/README.md ask/ask_20251115* ask/ask_20251116*
hakone-e2 | hakone-e2/*
pm | vpm-mini/*weekly.md doc_update_proposals/2025-11-26* phase2/phase2_m2* phase3/phase3_kickoff*
watcher | p5_3_migration_watcher* p5_3_watcher*
roles | p5_3_bulk* s5_curator.log s5_planner.log s5_synthesizer.log s5_archivist.log
autopilot | *l1_implementation* *l1_live* *l1_ops* *l1_preflight* actions*hardening* actions*debug* actions*slim*
json-errors | p1_*json_error_wiring* p1_5_json* p1_6_json* p1_7_json* p1_json_error_retry* p1_json_error_metric*
gitops | p4_2a* p4_2b* p4_2d* p4_2e* phase4_argocd* phase4_core* phase4_migration* snap_phase4-2* snap_phase4-3* snap_phase4-4*
render | p3_2_grafana_auto_render*
grafana | p2_4_grafana* p1_dashboard* p1_grafana* p4_mon_ready*
audit | p3_2_1_spire* p3_2_2_spire* snap_phase3-1* snap_phase3-3* prov_p3* phase3_prov*
chaos | p3_3_chaos* phase3_chaos* snap_phase3-4* p3_4_chaos* p3_3_latency*
cd-slo | phase4_canary* snap_phase4-5* snap_phase4-6* cd_summary.json phase5_cd_guard*
guard | p5_pr_guard* p5_pre_dod* p5_auto_pr* phase_guard_* evidence_p3_1_guardrails*
secrets | p4_c_secrets* p5_4_secrets*
egspace | egspace_* p3_6*
autoscale | p2_autoscale* p5_1_autoscale* evidence_p2-5* snap_phase2-6* snap_phase2-7*
compose | s2_compose* s4_compose* s8_compose* s9_compose* s3_ps* s5_ps* s7_ps*
preflight | p4_0_preflight*
"""


def _rows(text: str) -> list[tuple[str, tuple[str, ...]]]:
    pairs = (line.split(" | ") for line in text.strip().splitlines())
    return [(name, tuple(f"reports/{glob}" for glob in globs.split())) for name, globs in pairs]


QUESTIONS = _rows(_QUESTIONS)
SUBJECTS = dict(_rows(_SUBJECTS))


def answers(path: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatch(path, glob) for glob in globs)


def subject_of(path: str) -> str:
    """What a document is about, "" when nobody labelled it."""
    return next((subject for subject, globs in SUBJECTS.items() if answers(path, globs)), "")
