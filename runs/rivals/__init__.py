"""Neural models that others published, trained here on the beats that the drum machine hears too.

Their published weights cannot be had, or were made with other data or chosen on the test split. So
these have the same shape, learn from the beats in 4/4 of the train split, keep what is best on the
validation split, and are measured by the same code as the drum machine:

    python -m runs.rivals GROOVE -o DIR

trains those that are missing in DIR, 4 to 9 minutes of one core each, and
`runs.rivals.figures.rival_figures` measures them. Each class says what it shortens against its
original; two of them still got better when their minutes were over.
"""
