using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>
/// A configuration file: an object of <see cref="KnownSettings"/>, or one of several such objects in "apps"; with comments and trailing commas allowed, and nothing that is not known.
/// What is wrong is one line: file, line, key, what, and what to do.
/// </summary>
internal static class ConfigurationFile
{
    internal const string DefaultName = "prefork.json";
    private const int Longest = 1024 * 1024;

    private const string Applications = "apps";

    /// <param name="path">Its full path.</param>
    /// <param name="application">Which of its applications; null when it is to have one only. It does not count for a file without "apps".</param>
    /// <exception cref="CommandException">It cannot be read, or says what it may not, or has no such application.</exception>
    internal static Given Read(string path, string? application)
    {
        var (one, several) = ReadAll(path);
        if (one is not null)
        {
            return one;
        }

        var names = string.Join(", ", several.Select(static each => each.Name));
        return several.Count == 1 && application is null ? several[0].Given
            : application is null ? throw new CommandException(ExitCodes.Usage, $"{path} has several applications: {names}. Name one of them (--name); 'prefork start' without a name starts all.")
            : several.FirstOrDefault(each => each.Name == application).Given ?? throw new CommandException(ExitCodes.Usage, $"{path} has no application named {application}: it has {names}.");
    }

    /// <summary>Its applications in their order; null when it is of one, without "apps".</summary>
    internal static IReadOnlyList<string>? NamesIn(string path) => ReadAll(path) is (null, var several) ? [.. several.Select(static each => each.Name)] : null;

    private static (Given? One, IReadOnlyList<(string Name, Given Given)> Several) ReadAll(string path)
    {
        var bytes = Load(path);
        var text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var key = "";
        try
        {
            if (text.Trim(" \t\r\n"u8).IsEmpty)
            {
                throw new FormatException("the file is empty. Write { \"program\": \"App.dll\" }, or more.");
            }

            return ReadAll(ref reader, ref key, text, path);
        }
        catch (FormatException exception)
        {
            throw Wrong(path, LineOf(text, reader.TokenStartIndex), key, exception.Message);
        }
        catch (JsonException exception)
        {
            // The reader's words, without its count of lines from 0.
            var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw Wrong(path, exception.LineNumber + 1 ?? 1, key, $"this is no JSON: {(end < 0 ? exception.Message : exception.Message[..end])} Correct the file.");
        }
        catch (InvalidOperationException exception)
        {
            // Text that is no UTF-8, or half of a surrogate pair.
            throw Wrong(path, LineOf(text, reader.TokenStartIndex), key, $"{exception.Message} Save the file as UTF-8.");
        }
    }

    private static CommandException Wrong(string path, long line, string key, string what)
        => new(ExitCodes.Usage, $"{path}:{line}: {(key.Length > 0 ? $"{key}: " : "")}{what}");

    private static int LineOf(ReadOnlySpan<byte> text, long offset) => text[..(int)Math.Min(offset, text.Length)].Count((byte)'\n') + 1;

    private static (Given? One, IReadOnlyList<(string Name, Given Given)> Several) ReadAll(ref Utf8JsonReader reader, ref string key, ReadOnlySpan<byte> text, string path)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("there must be an object, such as { \"program\": \"App.dll\" }.");
        }

        List<(string Name, Given Given)>? several = null;
        var items = new Dictionary<Setting, Item>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            key = reader.GetString()!;
            if (key == Applications && several is null)
            {
                several = ReadSeveral(ref reader, ref key, text, path);
            }
            else
            {
                Read(ref reader, key, items, text, path);
            }

            if (several is not null && items.Count > 0)
            {
                throw new FormatException($"stands beside {Applications}. Write it into each of the applications.");
            }

            key = "";
        }

        // To the end of the file: something behind the object is an error, too.
        while (reader.Read())
        {
        }

        return several is null ? (new Given(items), []) : (null, several);
    }

    private static List<(string Name, Given Given)> ReadSeveral(ref Utf8JsonReader reader, ref string key, ReadOnlySpan<byte> text, string path)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException("must be an array of objects, such as [{ \"name\": \"shop\", \"program\": \"Shop.dll\" }].");
        }

        var several = new List<(string Name, Given Given)>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var place = $"{Applications}[{several.Count}]";
            key = place;
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException("must be an object, such as { \"program\": \"App.dll\" }.");
            }

            var items = new Dictionary<Setting, Item>();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var own = reader.GetString()!;
                key = $"{place}.{own}";
                Read(ref reader, own, items, text, path);
                key = place;
            }

            var given = new Given(items);
            var name = given.Get(KnownSettings.Name) ?? (given.Get(KnownSettings.Program) is { } program ? StartCommand.NameOf(program) : throw new FormatException("has no program. Name the application there."));
            if (several.Any(other => other.Name == name))
            {
                throw new FormatException($"is a second application named {name}. Give it another name (\"name\").");
            }

            several.Add((name, given));
        }

        key = Applications;
        return several.Count > 0 ? several : throw new FormatException("is empty. Write an application into it.");
    }

    private static void Read(ref Utf8JsonReader reader, string key, Dictionary<Setting, Item> items, ReadOnlySpan<byte> text, string path)
    {
        if (!KnownSettings.ByKey.TryGetValue(key, out var setting))
        {
            throw new FormatException($"there is no such key. {Suggest(key)}");
        }

        if (items.ContainsKey(setting))
        {
            throw new FormatException("is there twice. Leave one out.");
        }

        reader.Read();
        var line = LineOf(text, reader.TokenStartIndex);
        items.Add(setting, setting.Read(ref reader, Path.GetDirectoryName(path)!) with { Place = $"{path}:{line}" });
    }

    private static byte[] Load(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new CommandException(ExitCodes.Usage, $"{path} is a folder. Name the configuration file in it (--config).");
            }

            if (!File.Exists(path))
            {
                throw new CommandException(ExitCodes.Usage, $"There is no configuration file {path}. Name one that is there (--config).");
            }

            // A pipe would be empty the next time, and is waited for.
            if (!Control.Native.IsRegularFile(path))
            {
                throw new CommandException(ExitCodes.Usage, $"{path} is no ordinary file, and a reload could not read it again. Write the configuration to a file.");
            }

            using var file = File.OpenRead(path);
            if (file.Length > Longest)
            {
                throw new CommandException(ExitCodes.Usage, $"{path} is no configuration file: it has {file.Length} bytes, and {Longest} are the most.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"{path} may not be read by {Environment.UserName}. Allow it (chmod, chown), or name another file (--config).");
        }
        catch (IOException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path} cannot be read: {exception.Message}");
        }
    }

    /// <summary>What was meant, if it can be guessed: another case, the option's spelling, or a letter or two that differ.</summary>
    private static string Suggest(string key)
    {
        var keys = KnownSettings.All.Select(static setting => setting.Key).ToList();
        return Spelling.Nearest(key.Replace("-", "", StringComparison.Ordinal), keys) is { } near ? $"Is it {near}?" : $"There are {string.Join(", ", keys)}.";
    }
}
