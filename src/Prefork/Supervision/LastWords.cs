namespace Prefork.Supervision;

/// <summary>The one line, of the last that a worker wrote, that says most of why it ended.</summary>
internal static class LastWords
{
    /// <summary>
    /// The last line that begins at the margin: frames of a stack and an error's details are indented, in .NET and in Node. Braces that close those
    /// details, and the version with which Node takes its leave, do not count. Null when there is none.
    /// </summary>
    internal static string? Of(IReadOnlyList<string> lines)
        => lines.LastOrDefault(static line => line.Length > 0 && !char.IsWhiteSpace(line[0]) && line[0] is not ('{' or '}' or '^') && !line.StartsWith("Node.js v", StringComparison.Ordinal));
}
