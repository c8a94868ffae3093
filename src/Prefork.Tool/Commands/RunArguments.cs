using System.CommandLine;
using System.CommandLine.Parsing;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>What <c>run</c> and <c>start</c> are told, which is the same.</summary>
internal sealed class RunArguments
{
    private static readonly TextSetting<string> s_config = new("--config", Words.Path, orNumber: false, description: null);

    private readonly Argument<string?> _program = new("program")
    {
        Description = "An ASP.NET Core application (.dll, or its executable), or a Node script (.js, .mjs, .cjs, .ts, .mts, .cts). Without it a configuration file says.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = $"A configuration file, which a reload reads anew. What the command line says goes before it. [default: {ConfigurationFile.DefaultName} in this folder, if no program is named]",
        HelpName = "FILE",
    };

    internal Option<bool> Json { get; } = Arguments.Json();

    internal void AddTo(Command command)
    {
        // The parser takes an option that it does not know for the program.
        _program.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', ..] option }])
            {
                var meant = Spelling.Nearest(option, command.Options.SelectMany(static known => known.Aliases.Append(known.Name)));
                result.AddError($"there is no option {option}.{(meant is null ? "" : $" Did you mean {meant}?")}");
            }
        });
        command.Arguments.Add(_program);
        command.Options.Add(_config);
        foreach (var option in KnownSettings.All.Select(static setting => setting.Option).OfType<Option>())
        {
            command.Options.Add(option);
        }

        command.Options.Add(Json);
    }

    /// <summary>The command line once more, as it was understood: <c>--name:x</c>, <c>-w2</c> and <c>@file</c> are not to be read anew. Without <c>--json</c>.</summary>
    internal IEnumerable<string> Write(ParseResult result)
    {
        if (result.GetValue(_program) is { } program)
        {
            yield return program;
        }

        foreach (var given in result.CommandResult.Children.OfType<OptionResult>().Where(given => !given.Implicit && given.Option != Json))
        {
            foreach (var word in given.Tokens.Count == 0 ? [given.Option.Name] : given.Tokens.Select(token => $"{given.Option.Name}={token.Value}"))
            {
                yield return word;
            }
        }
    }

    /// <param name="result">The command line.</param>
    /// <param name="arguments">The program's; null when there was no <c>--</c>, and the file may say.</param>
    internal CommandLine Read(ParseResult result, IReadOnlyList<string>? arguments)
    {
        var given = Given.Of(result);
        var program = result.GetValue(_program);
        if (program is not null)
        {
            given = given.With(KnownSettings.Program, Create(KnownSettings.Program, program, given.Get(KnownSettings.WorkingDirectory)));
        }

        if (arguments is not null)
        {
            given = given.With(KnownSettings.Arguments, KnownSettings.Arguments.Create(arguments));
        }

        var config = result.GetValue(_config) is { } named ? (string)Create(s_config, named, null).Value
            : program is null && File.Exists(ConfigurationFile.DefaultName) ? Path.GetFullPath(ConfigurationFile.DefaultName)
            : null;
        return new CommandLine(given, config) { Json = result.GetValue(Json) };
    }

    private static Item Create(TextSetting<string> setting, string text, string? folder)
    {
        try
        {
            return setting.Create(text, folder ?? CurrentFolder.PathOrEmpty);
        }
        catch (FormatException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{setting.Key}: {exception.Message}");
        }
    }
}
