"""Works: pictures with their stories, from draft to submission."""
