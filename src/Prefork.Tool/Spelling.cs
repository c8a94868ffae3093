namespace Prefork.Tool;

/// <summary>What a word that nobody knows was meant to be.</summary>
internal static class Spelling
{
    private const int MostLetters = 2;

    /// <summary>The one of <paramref name="known"/> from which it differs by a letter or two, and in most of its letters does not; null when there is none.</summary>
    internal static string? Nearest(string word, IEnumerable<string> known)
        => known.Select(candidate => (Word: candidate, Letters: Distance(word, candidate))).Where(pair => pair.Letters <= MostLetters && 2 * pair.Letters < pair.Word.Length)
            .OrderBy(static pair => pair.Letters).Select(static pair => pair.Word).FirstOrDefault();

    /// <summary>Levenshtein's: letters to add, take away or change; case is none.</summary>
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > MostLetters)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i]) == char.ToLowerInvariant(b[j]) ? 0 : 1;
                (diagonal, row[j + 1]) = (row[j + 1], Math.Min(Math.Min(row[j], row[j + 1]) + 1, diagonal + cost));
            }
        }

        return row[^1];
    }
}
