"""How is a mixed model fitted?

Private: criterion, search, degrees of freedom and compiled kernels.

* ``batch``: Fits of one design to many responses, in blocks over threads.
* ``likelihood``: Profiled REML or ML criterion of a mixed model and its optimum.
* ``scaling``: Random columns brought to one scale before the search, and what is found turned
  back.
* ``crossproducts``: Cross products of a design and a response, and the elimination of their
  normal equations.
* ``optimum``: Search for the optimum of a profiled criterion, exact at zero variances.
* ``dof``: Degrees of freedom of fixed effects: Satterthwaite and Kenward-Roger.
* ``starts``: Starts for many responses: the criterion of all of them on one grid of covariance
  parameters.
* ``columns``: Cross products of one design and many responses, and what the compiled fit reads of
  them.
* ``normal_equations``: Compiled kernels: the normal equations of a mixed design, which no
  response enters.
* ``response_equations``: Compiled kernels: criterion, gradient and Hessian of one response.
* ``response_effects``: Compiled kernels: fixed effects of one response, their variances and
  degrees of freedom.
* ``traces``: Compiled kernels: traces of products of P and the derivatives of V, see
  `normal_equations`.
* ``newton_steps``: Compiled kernels: the search of `optimum` and `likelihood` with analytic
  second derivatives.
* ``fisher_steps``: Compiled kernels: Fisher scoring of the variances, the long steps of the
  search.
"""
