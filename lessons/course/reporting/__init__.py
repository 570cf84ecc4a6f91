"""The learner's report: what they did, predicted and measured, in Markdown or as a page of HTML.

told = report(home, course, progress)
as_markdown(told)
as_html(told)
"""

from lessons.course.reporting.gather import report
from lessons.course.reporting.html import as_html
from lessons.course.reporting.markdown import as_markdown

__all__ = ["as_html", "as_markdown", "report"]
