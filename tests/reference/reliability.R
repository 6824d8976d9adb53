# Intraclass correlations, alpha, omega and kappa by psych and irr. In this folder:
#   Rscript reliability.R        # writes reliability/{icc,alpha,omega,kappa}_*.csv, some seconds
# The ratings and the questionnaire are those of make_ratings.py, the other tables are published ones
# (published.py).
suppressPackageStartupMessages({
  library(psych)
  library(irr)
})

quiet <- function(expression) suppressMessages(suppressWarnings(expression))

as_text <- function(x) {
  if (is.numeric(x)) ifelse(is.na(x), "", sprintf("%.15g", x)) else as.character(x)
}

write_table <- function(rows, name) {
  table <- as.data.frame(lapply(do.call(rbind, rows), as_text), check.names = FALSE)
  write.csv(table, file.path("reliability", paste0(name, ".csv")), row.names = FALSE, na = "")
}

read_table <- function(name) read.csv(file.path("reliability", paste0(name, ".csv")))

# ---- intraclass correlations --------------------------------------------------------------------

shrout_fleiss <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7),
                        ncol = 4, byrow = TRUE)
with_gaps <- shrout_fleiss
with_gaps[cbind(c(2, 5), c(3, 1))] <- NA
three <- read_table("three_raters")
four <- read_table("four_raters")
complete <- list(shrout_fleiss = shrout_fleiss, three_raters = three, four_raters = four)

psych_rows <- function(ratings, name, ...) {
  found <- quiet(psych::ICC(ratings, ...))$results
  names(found)[7:8] <- c("lower", "upper")
  cbind(data = name, found[, c("type", "ICC", "F", "df1", "df2", "p", "lower", "upper")])
}

irr_rows <- function(ratings, name) {
  forms <- expand.grid(unit = c("single", "average"), type = c("consistency", "agreement"),
                       model = c("oneway", "twoway"), stringsAsFactors = FALSE)
  rows <- lapply(seq_len(nrow(forms)), function(i) {
    found <- quiet(irr::icc(ratings, model = forms$model[i], type = forms$type[i],
                            unit = forms$unit[i]))
    data.frame(data = name, model = forms$model[i], type = forms$type[i], unit = forms$unit[i],
               value = found$value, lower = found$lbound, upper = found$ubound)
  })
  do.call(rbind, rows)
}

write_table(c(lapply(names(complete), function(name)
                psych_rows(complete[[name]], name, lmer = FALSE)),
              list(psych_rows(with_gaps, "shrout_fleiss_missing", lmer = TRUE, missing = FALSE))),
            "icc_psych")
write_table(lapply(names(complete), function(name) irr_rows(complete[[name]], name)), "icc_irr")

# ---- alpha and omega ----------------------------------------------------------------------------

answers <- read_table("questionnaire")
scales <- c("A", "C", "E", "N", "O")
items_of <- function(names) as.vector(t(outer(names, 1:5, paste0)))

alpha_row <- function(scale, cases) {
  items <- answers[, items_of(scale)]
  if (cases == "complete") items <- na.omit(items)
  total <- quiet(psych::alpha(items))$total
  limits <- quiet(psych::alpha.ci(total$raw_alpha, n.obs = nrow(items), n.var = ncol(items)))
  data.frame(scale = scale, cases = cases, n_rows = nrow(items), raw_alpha = total$raw_alpha,
             std_alpha = total$std.alpha, G6 = total$`G6(smc)`, average_r = total$average_r,
             feldt_lower = as.numeric(limits$lower.ci), feldt_upper = as.numeric(limits$upper.ci))
}

item_rows <- function(scale) {
  found <- quiet(psych::alpha(na.omit(answers[, items_of(scale)])))
  dropped <- found$alpha.drop
  items <- found$item.stats
  data.frame(scale = scale, item = rownames(items), raw_alpha = dropped$raw_alpha,
             std_alpha = dropped$std.alpha, G6 = dropped$`G6(smc)`,
             average_r = dropped$average_r, raw_r = items$raw.r, r_drop = items$r.drop,
             mean = items$mean, sd = items$sd)
}

omega_row <- function(names, n_factors) {
  items <- na.omit(answers[, items_of(names)])
  found <- quiet(psych::omega(items, nfactors = n_factors, fm = "minres", plot = FALSE))
  # One likelihood factor of the covariance matrix: McDonald's omega of the sum score.
  sd <- apply(items, 2, sd)
  loadings <- as.numeric(quiet(psych::fa(items, 1, fm = "ml"))$loadings)
  common <- sum(loadings * sd)^2
  data.frame(items = paste(names, collapse = "+"), nfactors = n_factors, n = nrow(items),
             omega_h = found$omega_h, omega_total = found$omega.tot, alpha = found$alpha,
             omega_cov_fa1_ml = common / (common + sum((1 - loadings^2) * sd^2)))
}

write_table(unlist(lapply(scales, function(scale)
              lapply(c("complete", "pairwise"), alpha_row, scale = scale)), recursive = FALSE),
            "alpha_psych")
write_table(lapply(scales, item_rows), "items_psych")
write_table(c(unlist(lapply(scales, function(scale)
                lapply(c(1, 3), omega_row, names = scale)), recursive = FALSE),
              list(omega_row(c("A", "C", "E"), 3), omega_row(scales, 5))),
            "omega_psych")

# ---- kappa and Krippendorff's alpha -------------------------------------------------------------

krippendorff <- matrix(c(1, 1, NA, 1, 2, 2, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 1, 2, 3, 4,
                         4, 4, 4, 4, 1, 1, 2, 1, 2, 2, 2, 2, NA, 5, 5, 5, NA, NA, 1, 1, NA, NA, 3, NA),
                       nrow = 4)
kappa_row <- function(statistic, data, setting, value) {
  data.frame(statistic = statistic, data = data, setting = setting, value = as.numeric(value))
}
data(diagnoses)    # Fleiss (1971), table 1
rows <- list(kappa_row("fleiss", "diagnoses", "", kappam.fleiss(diagnoses)$value))
for (pair in list(1:2, 2:3)) for (weights in c("unweighted", "equal", "squared")) {
  found <- kappa2(three[, pair], weights)$value
  name <- sprintf("three_raters[,%d:%d]", pair[1], pair[2])
  rows[[length(rows) + 1]] <- kappa_row("cohen", name, weights, found)
}
# irr's kripp.alpha is wrong on complete tables of more than two raters: gaps only.
gaps <- list(krippendorff = krippendorff, three_raters_missing = t(read_table("three_raters_missing")))
for (name in names(gaps)) for (level in c("nominal", "ordinal", "interval", "ratio")) {
  rows[[length(rows) + 1]] <- kappa_row("krippendorff", name, level, kripp.alpha(gaps[[name]], level)$value)
}
write_table(rows, "kappa_irr")

packages <- c("psych", "irr", "GPArotation", "lme4")
cat(R.version.string, "\n")
cat(paste(packages, sapply(packages, function(p) as.character(packageVersion(p)))), sep = "\n")
