namespace Prefork.Tool.Settings;

/// <summary>What <c>run</c> or <c>start</c> was told, which stays so; the file that it names does not.</summary>
/// <param name="Given">By options and arguments.</param>
/// <param name="File">The configuration file's full path; null for none.</param>
internal sealed record CommandLine(Given Given, string? File)
{
    /// <summary>For <c>run</c>: lines as JSON. For <c>start</c>: the result.</summary>
    internal bool Json { get; init; }

    /// <summary>Without a terminal: what it and its workers say goes to a file.</summary>
    internal bool IsBackground { get; init; }

    /// <summary>A name that has been settled; null for what is given, or the program's.</summary>
    internal string? Name { get; init; }

    /// <summary>What is to run, with the file as it is now. The command line goes before it.</summary>
    /// <exception cref="CommandException">The file cannot be used, or something is missing.</exception>
    internal RunOptions Read() => new(Given.Over(File is null ? Given.Nothing : ConfigurationFile.Read(File)), File);
}
