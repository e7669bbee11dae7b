package property

// DeterminismSentence is that of P19, which takes two runs to judge: package campaign does.
const DeterminismSentence = "The same scenario and seed give the same run, call by call, on either engine."
