"""Values of published tables that several tests use, with their sources, in the columns of R."""

import pandas as pd

# Mean reaction times in ms of eighteen people (first column) on ten days; three hours in bed per
# night from the third day on. Belenky et al. (2003), J Sleep Res 12(1), 1-12; the values of each
# person are distributed with MixedModelsDatasets.jl (MIT license).
SLEEPSTUDY = """
308 249.5600 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
309 222.7339 205.2658 202.9778 204.7070 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
310 199.0539 194.3322 234.3200 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
330 321.5426 300.4002 283.8565 285.1330 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
331 287.6079 285.0000 301.8206 320.1153 316.2773 293.3187 290.0750 334.8177 293.7469 371.5811
332 234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
333 283.8424 289.5550 276.7693 299.8097 297.1710 338.1665 332.0265 348.8399 333.3600 362.0428
334 265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.2990
335 241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.3110 235.7541 237.2466
337 312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
349 236.1032 230.3167 238.9256 254.9220 250.7103 269.7744 281.5648 308.1020 336.2806 351.6451
350 256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
351 250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
352 221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
369 271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.2800 366.5131
370 225.2640 234.5235 238.9008 240.4730 267.5373 344.1937 281.1481 347.5855 365.1630 372.2288
371 269.8804 272.4428 277.8989 281.7895 279.1705 284.5120 259.2658 304.6306 350.7807 369.4692
372 269.4117 273.4740 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""

# Zones of inhibition in mm of six samples of penicillin (columns) on 24 plates (rows). Davies and
# Goldsmith (1972), Statistical Methods in Research and Production, 4th ed., section 6.6.
PENICILLIN = """
a 27 23 26 23 23 21
b 27 23 26 23 23 21
c 25 21 25 24 24 20
d 26 23 25 23 23 20
e 25 22 26 22 23 20
f 24 22 25 23 22 19
g 24 20 23 21 22 19
h 26 22 26 24 24 21
i 24 21 24 22 22 20
j 24 21 24 23 22 19
k 26 23 26 24 24 21
l 25 22 26 24 24 20
m 26 24 26 24 25 22
n 26 23 26 23 23 20
o 26 23 25 24 24 22
p 25 22 25 23 23 20
q 25 21 24 23 23 20
r 25 22 24 23 23 19
s 24 21 23 21 21 19
t 26 23 26 24 24 21
u 25 21 24 22 22 18
v 25 22 25 22 22 20
w 24 21 24 22 24 19
x 24 21 24 22 21 18
"""

# Strength of a chemical paste: ten batches, three casks of each, two tests of each cask. Davies
# and Goldsmith (1972), section 6.5.
PASTES = """
A 62.8 62.6 60.1 62.3 62.7 63.1
B 60.0 61.4 57.5 56.9 61.1 58.9
C 58.7 57.5 63.9 63.1 65.4 63.7
D 57.1 56.4 56.9 58.6 64.7 64.5
E 55.1 55.1 54.7 54.2 58.8 57.5
F 63.4 64.9 59.3 58.1 60.5 60.0
G 62.5 62.6 61.0 58.7 56.9 57.7
H 59.2 59.4 65.2 66.0 64.8 64.1
I 54.8 54.8 64.0 64.0 57.7 56.8
J 58.3 59.3 59.2 59.2 58.9 56.6
"""

# Yield in grams of dyestuff of five preparations of each of six batches. Davies and
# Goldsmith (1972), section 6.4.
DYESTUFF = """
A 1545 1440 1440 1520 1580
B 1540 1555 1490 1560 1495
C 1595 1550 1605 1510 1560
D 1445 1440 1595 1465 1545
E 1595 1630 1515 1635 1625
F 1520 1455 1450 1480 1445
"""

# The same design with less variance between batches than by chance. Box and Tiao (1973), Bayesian
# Inference in Statistical Analysis, section 5.1.2.
DYESTUFF2 = """
A 7.298 3.846 2.434 9.566 7.990
B 5.220 6.556 0.608 11.788 -0.892
C 0.110 10.386 13.434 5.510 8.166
D 2.212 4.852 7.092 9.288 4.980
E 0.282 9.014 4.458 9.446 7.198
F 1.722 4.782 8.106 0.758 3.758
"""

# Breaking angle in degrees of chocolate cakes: fifteen replicates of three recipes (rows) at six
# temperatures (columns: 175 to 225 degrees Fahrenheit). Cook (1938), reported in Cochran and Cox
# (1957), Experimental Designs, 2nd ed., p. 300.
CAKE = """
1 A 42 46 47 39 53 42
1 B 39 46 51 49 55 42
1 C 46 44 45 46 48 63
2 A 47 29 35 47 57 45
2 B 35 46 47 39 52 61
2 C 43 43 43 46 47 58
3 A 32 32 37 43 45 45
3 B 34 30 42 35 42 35
3 C 33 24 40 37 41 38
4 A 26 32 35 24 39 26
4 B 25 26 28 46 37 37
4 C 38 41 38 30 36 35
5 A 28 30 31 37 41 47
5 B 31 30 29 35 40 36
5 C 21 25 31 35 33 23
6 A 24 22 22 29 35 26
6 B 24 29 29 29 24 35
6 C 24 33 30 30 37 35
7 A 26 23 25 27 33 35
7 B 22 25 26 26 29 36
7 C 20 21 31 24 30 33
8 A 24 33 23 32 31 34
8 B 26 23 24 31 27 37
8 C 24 23 21 24 21 35
9 A 24 27 28 33 34 23
9 B 27 26 32 28 32 33
9 C 24 18 21 26 28 28
10 A 24 33 27 31 30 33
10 B 21 24 24 27 37 30
10 C 26 28 27 27 35 35
11 A 33 39 33 28 33 30
11 B 20 27 33 31 28 33
11 C 28 25 26 25 38 28
12 A 28 31 27 39 35 43
12 B 23 28 31 34 31 29
12 C 24 30 28 35 33 28
13 A 29 28 31 29 37 33
13 B 32 35 30 27 35 30
13 C 28 29 43 28 33 37
14 A 24 40 29 40 40 31
14 B 23 25 22 19 21 35
14 C 19 22 27 25 25 35
15 A 26 28 32 25 37 33
15 B 21 21 28 26 27 20
15 C 21 28 25 25 31 25
"""

# Shrout and Fleiss (1979), Psychol Bull 86(2), table 2: six targets rated by four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]

# Fleiss (1971), Psychol Bull 76(5), table 1: of thirty patients (rows), how many of six
# psychiatrists chose each of five diagnoses (columns).
FLEISS_1971 = [
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
    [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
    [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
    [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
]  # fmt: skip


def long(text, names, column, headings):
    """One row per value of a printed table; `names` are those of its first cells."""
    rows = [line.split() for line in text.split("\n") if line]
    n = len(names)
    return pd.DataFrame(
        [
            [*row[:n], heading, value]
            for row in rows
            for heading, value in zip(headings, row[n:], strict=True)
        ],
        columns=[*names, column, "values"],
    )


def sleepstudy():
    table = long(SLEEPSTUDY, ["Subject"], "Days", range(10)).rename(columns={"values": "Reaction"})
    return table.astype({"Reaction": float, "Days": int, "Subject": int})


def penicillin():
    table = long(PENICILLIN, ["plate"], "sample", list("ABCDEF"))
    return table.rename(columns={"values": "diameter"}).astype({"diameter": int})


def pastes():
    table = long(PASTES, ["batch"], "cask", list("aabbcc"))
    return table.rename(columns={"values": "strength"}).astype({"strength": float})


def dyestuff(text):
    table = long(text, ["Batch"], "preparation", range(5))
    return table.rename(columns={"values": "Yield"}).astype({"Yield": float})


def cake():
    table = long(CAKE, ["replicate", "recipe"], "temperature", range(175, 226, 10))
    table = table.rename(columns={"values": "angle"})
    table = table.astype({"replicate": int, "temperature": int, "angle": int})
    return table.assign(temp=table["temperature"])


# By the names that lme4 gives them.
DATASETS = {
    "sleepstudy": sleepstudy(),
    "Penicillin": penicillin(),
    "Pastes": pastes(),
    "Dyestuff": dyestuff(DYESTUFF),
    "Dyestuff2": dyestuff(DYESTUFF2),
    "cake": cake(),
}
