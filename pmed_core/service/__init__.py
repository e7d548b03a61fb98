"""What a user may do, one function a verb; all raise ``UserError``. Pages call nothing else.

cohorts: samples, bring_in_sample, bring_in, revise, cohorts, cohort, quality, preview, remove,
    find_patients, cells, values
training: estimate, train, job, jobs, cancel, remove
models: models, model, inputs, card, rename, save_threshold, limits, save_limits, write_notes,
    remove, export, bring_in, importance, explain_cohort, evaluate, predict, evaluations
groups: divisible, divide, usual
simpler: simpler, train_simpler
motifs: motifs, find_motifs
patients: consult, explain, explaining, advise, counterfactuals, check, report, warm
"""
