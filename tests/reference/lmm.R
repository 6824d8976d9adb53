# Linear mixed models by lme4, lmerTest, pbkrtest and emmeans. In this folder:
#   Rscript lmm.R        # writes lmm/small_*.csv and lmm/mmme_like_*.csv, some minutes
#
# lmer's own optimisers stop short of some optima, so every model is fitted at the best optimum found:
# from both starts with two optimisers at tight tolerances, then by Newton steps on the profiled
# criterion with Richardson derivatives over the parameters that are not at zero. lmerTest's fit is built
# exactly there (optimizer = NULL).
suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(emmeans)
  library(numDeriv)
})
emm_options(lmerTest.limit = 1e5, pbkrtest.limit = 0)

quiet <- function(expression) suppressMessages(suppressWarnings(expression))

as_text <- function(x) {
  if (is.numeric(x)) ifelse(is.na(x), "", sprintf("%.15g", x)) else as.character(x)
}

write_table <- function(rows, name) {
  columns <- unique(unlist(lapply(rows, names)))
  rows <- lapply(rows, function(row) {
    row[setdiff(columns, names(row))] <- NA
    row[columns]
  })
  table <- as.data.frame(lapply(do.call(rbind, rows), as_text), check.names = FALSE)
  write.csv(table, file.path("lmm", paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
}

# ---- the best optimum ---------------------------------------------------------------------------

controls <- list(
  lmerControl("nloptwrap", calc.derivs = FALSE,
              optCtrl = list(xtol_abs = 1e-11, ftol_abs = 1e-13, maxeval = 20000)),
  lmerControl("bobyqa", calc.derivs = FALSE,
              optCtrl = list(rhobeg = .02, rhoend = 1e-10, maxfun = 20000)))

best_of_searches <- function(formula, data, reml, criterion, lower) {
  theta <- getME(quiet(lme4::lmer(formula, data, REML = reml)), "theta")
  for (start in list(theta, as.numeric(lower == 0))) for (control in controls) {
    fit <- try(quiet(lme4::lmer(formula, data, REML = reml, start = unname(start),
                                control = control)), silent = TRUE)
    if (inherits(fit, "try-error")) next
    if (criterion(getME(fit, "theta")) < criterion(theta)) theta <- getME(fit, "theta")
  }
  unname(theta)
}

on_the_boundary <- function(theta, criterion, lower) {
  for (i in which(lower == 0 & theta > 0 & theta < 5e-3)) {
    at_zero <- replace(theta, i, 0)
    if (criterion(at_zero) <= criterion(theta) + 1e-9) theta <- at_zero
  }
  theta
}

newton_steps <- function(theta, criterion, lower, n_steps = 4) {
  free <- which(!(lower == 0 & theta == 0))
  of_free <- function(z) criterion(replace(theta, free, z))
  best <- criterion(theta)
  if (length(free)) for (step in seq_len(n_steps)) {
    gradient <- grad(of_free, theta[free])
    curvature <- eigen(hessian(of_free, theta[free]), symmetric = TRUE)
    kept <- curvature$values > 1e-6 * max(curvature$values)
    vectors <- curvature$vectors[, kept, drop = FALSE]
    move <- as.numeric(vectors %*% (crossprod(vectors, gradient) / curvature$values[kept]))
    after <- theta[free] - move
    if (any(after[lower[free] == 0] < 0) || of_free(after) > best + 1e-7) break
    theta[free] <- after
    best <- min(best, criterion(theta))
    if (max(abs(move)) < 1e-10) break
  }
  theta
}

fit_at_optimum <- function(formula, data, reml) {
  criterion <- quiet(lme4::lmer(formula, data, REML = reml, devFunOnly = TRUE))
  lower <- quiet(lme4::lmer(formula, data, REML = reml))@lower
  theta <- best_of_searches(formula, data, reml, criterion, lower)
  theta <- newton_steps(on_the_boundary(theta, criterion, lower), criterion, lower)
  call <- bquote(lmerTest::lmer(.(formula), data, REML = .(reml), start = .(theta),
                                control = lmerControl(optimizer = NULL)))
  quiet(eval(call, environment()))
}

# ---- tables of a fit ----------------------------------------------------------------------------

fit_row <- function(fit) {
  data.frame(nobs = nobs(fit), sigma = sigma(fit), logLik = as.numeric(logLik(fit)),
             criterion = if (isREML(fit)) REMLcrit(fit) else deviance(fit),
             AIC = AIC(fit), BIC = BIC(fit), singular = isSingular(fit))
}

fixed_rows <- function(fit, kenward_roger) {
  s <- quiet(coef(summary(fit, ddf = "Satterthwaite")))
  rows <- data.frame(term = rownames(s), est = s[, 1], se = s[, 2], df = s[, 3], p = s[, 5])
  if (kenward_roger) {
    k <- quiet(coef(summary(fit, ddf = "Kenward-Roger")))
    rows <- cbind(rows, se_kr = k[, 2], df_kr = k[, 3], p_kr = k[, 5])
  }
  rows
}

variance_rows <- function(fit) {
  rows <- as.data.frame(VarCorr(fit))[, c("grp", "var1", "var2", "vcov")]
  rows$var1[is.na(rows$var1)] <- ""
  rows$var2[is.na(rows$var2)] <- ""
  rows
}

anova_rows <- function(fit, ddf) {
  a <- as.data.frame(quiet(anova(fit, type = 3, ddf = ddf)))
  data.frame(ddf = ddf, term = rownames(a), sumsq = a[["Sum Sq"]], numdf = a$NumDF,
             dendf = a$DenDF, F = a[["F value"]], p = a[["Pr(>F)"]])
}

condition_rows <- function(fit) {
  means <- list(
    overall_equal_weights = emmeans(fit, "condition", lmer.df = "satterthwaite"),
    overall_proportional_weights = emmeans(fit, "condition", weights = "proportional",
                                           lmer.df = "satterthwaite"),
    by_valence = emmeans(fit, "condition", by = "valence", lmer.df = "satterthwaite"))
  rows <- lapply(names(means), function(name) {
    micro_less_macro <- contrast(quiet(means[[name]]), list("ME-MaE" = c(-1, 1)))
    row <- as.data.frame(summary(micro_less_macro, infer = TRUE))
    if (name != "by_valence") row$valence <- name
    row[, c("valence", "estimate", "SE", "df", "t.ratio", "lower.CL", "upper.CL")]
  })
  do.call(rbind, lapply(rows, function(row) { row$valence <- as.character(row$valence); row }))
}

# ---- data sets of the literature, as lme4 carries them ------------------------------------------

small_models <- list(
  list("sleepstudy", "slope", Reaction ~ Days + (Days | Subject)),
  list("sleepstudy", "intercept", Reaction ~ Days + (1 | Subject)),
  list("sleepstudy", "slope_uncorrelated", Reaction ~ Days + (Days || Subject)),
  list("Penicillin", "crossed", diameter ~ 1 + (1 | plate) + (1 | sample)),
  list("Pastes", "nested", strength ~ 1 + (1 | batch / cask)),
  list("cake", "factorial", angle ~ recipe * temperature + (1 | recipe:replicate)),
  list("cake", "additive_linear_temp", angle ~ recipe + temp + (1 | recipe:replicate)),
  list("Dyestuff", "oneway", Yield ~ 1 + (1 | Batch)),
  list("Dyestuff2", "oneway_singular", Yield ~ 1 + (1 | Batch)))

write_small <- function() {
  fits <- fixed <- variances <- tests <- list()
  for (model in small_models) for (reml in c(TRUE, FALSE)) {
    fit <- fit_at_optimum(model[[3]], get(data(list = model[[1]], package = "lme4")), reml)
    id <- data.frame(dataset = model[[1]], model = model[[2]], method = if (reml) "REML" else "ML")
    k <- length(fits) + 1
    fits[[k]] <- cbind(id, fit_row(fit))
    fixed[[k]] <- cbind(id, fixed_rows(fit, kenward_roger = reml))
    variances[[k]] <- cbind(id, variance_rows(fit))
    if (model[[1]] == "cake" && reml) for (ddf in c("Satterthwaite", "Kenward-Roger"))
      tests[[length(tests) + 1]] <- cbind(id, anova_rows(fit, ddf))
  }
  write_table(fits, "small_fit")
  write_table(fixed, "small_fixef")
  write_table(variances, "small_varcorr")
  write_table(tests, "small_anova3")
}

# ---- the simulated study of make_mmme_like_data.py ----------------------------------------------

random_terms <- c(M1 = "(1 | participant)",
                  M2 = "(1 | participant) + (1 | video)",
                  M3 = "(1 + condition | participant) + (1 | video)")

write_mmme_like <- function() {
  study <- read.csv(gzfile("lmm/mmme_like_responses.csv.gz"), stringsAsFactors = TRUE)
  columns <- sub("^y_", "", grep("^y_", names(study), value = TRUE))
  fits <- fixed <- variances <- tests <- means <- list()
  for (coding in c("treatment", "sum")) {
    for (name in c("condition", "valence"))
      contrasts(study[[name]]) <- paste0("contr.", coding)
    for (column in columns) for (model in names(random_terms)) for (reml in c(TRUE, FALSE)) {
      if (coding == "sum" && (!reml || model == "M1")) next
      formula <- as.formula(paste0("y_", column, " ~ condition * valence + logdur_z + ",
                                   random_terms[[model]]))
      fit <- fit_at_optimum(formula, study, reml)
      id <- data.frame(column = column, model = model, method = if (reml) "REML" else "ML",
                       coding = coding)
      k <- length(fits) + 1
      fits[[k]] <- cbind(id, fit_row(fit))
      fixed[[k]] <- cbind(id, fixed_rows(fit, kenward_roger = FALSE))
      variances[[k]] <- cbind(id, variance_rows(fit))
      if (coding == "sum") next
      tests[[k]] <- cbind(id, anova_rows(fit, "Satterthwaite"))
      if (reml) means[[length(means) + 1]] <- cbind(id, condition_rows(fit))
    }
  }
  write_table(fits, "mmme_like_fit")
  write_table(fixed, "mmme_like_fixef")
  write_table(variances, "mmme_like_varcorr")
  write_table(tests, "mmme_like_anova3")
  write_table(means, "mmme_like_emmeans")
}

write_small()
write_mmme_like()
packages <- c("lme4", "lmerTest", "pbkrtest", "emmeans", "numDeriv")
cat(R.version.string, "\n")
cat(paste(packages, sapply(packages, function(p) as.character(packageVersion(p)))), sep = "\n")
